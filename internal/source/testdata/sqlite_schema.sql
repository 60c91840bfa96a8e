CREATE TABLE customer (id integer primary key autoincrement, email text not null unique, "attach" text default 'ATTACH x');
CREATE TABLE sqlite_sequence(name,seq);
CREATE TABLE orders (id integer primary key, customer int not null references customer (id), [total] real);
CREATE INDEX orders_customer ON orders (customer) WHERE total > 0;
CREATE VIEW big AS SELECT o.id, c.email FROM orders o, customer c WHERE c.id = o.customer
/* big(id,email) */;
CREATE TRIGGER touch AFTER UPDATE OF total ON orders BEGIN UPDATE orders SET total = new.total WHERE id = new.id; SELECT 1; END;
CREATE VIRTUAL TABLE found USING fts5(email, tokenize = 'porter')
/* found(email) */;
CREATE TABLE IF NOT EXISTS 'found_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE IF NOT EXISTS 'found_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS 'found_content'(id INTEGER PRIMARY KEY, c0);
CREATE TABLE IF NOT EXISTS 'found_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE IF NOT EXISTS 'found_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE VIRTUAL TABLE place USING rtree(id, x0, x1)
/* place(id,x0,x1) */;
CREATE TABLE IF NOT EXISTS "place_rowid"(rowid INTEGER PRIMARY KEY,nodeno);
CREATE TABLE IF NOT EXISTS "place_node"(nodeno INTEGER PRIMARY KEY,data);
CREATE TABLE IF NOT EXISTS "place_parent"(nodeno INTEGER PRIMARY KEY,parentnode);
CREATE TABLE sqlite_stat1(tbl,idx,stat);
