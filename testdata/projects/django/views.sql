CREATE VIEW cheap AS SELECT title, price FROM library_book WHERE title LIKE 'a%' AND price < 5;
