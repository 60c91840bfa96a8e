package main

import (
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A trap is a TCP proxy before a server that knows what the client says: it counts
// the commands, those of lock, BEGIN, version rows, COMMIT and unlock among them, and
// springs at one of them, before the server hears of it or when it has carried it out
// and the client has not heard. The login is not counted.
type trap struct {
	server string
	mysql  bool
	addr   string
	ln     net.Listener
	at     int    // which command; 0: none
	mark   string // or the first one that holds this
	when   moment
	idle   func(port int) bool
	spring func(l *link, msg []byte)

	dark   atomic.Bool // nothing passes any more, and both ends stay open
	sprung atomic.Bool
	mu     sync.Mutex
	said   []string
	links  []*link
}

// A moment is when a trap springs.
type moment string

// The moments: the server has not got the command; it has it; it has carried it out and
// answered, and the client has not heard of it.
const (
	before moment = "before"
	during moment = "during"
	after  moment = "after"
)

// A link is one connection through a trap.
type link struct {
	trap           *trap
	client, server *net.TCPConn
	spoke          atomic.Int64 // how often the server said something

	mu   sync.Mutex
	deaf bool // what the server says is not passed on, but
	held []byte
}

func newTrap(t testing.TB, u string) *trap {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &trap{server: host(t, u), mysql: strings.HasPrefix(u, "mysql"), addr: ln.Addr().String(), ln: ln}
	go x.accept()
	return x
}

func (x *trap) accept() {
	for {
		c, err := x.ln.Accept()
		if err != nil {
			return
		}
		l := &link{trap: x, client: c.(*net.TCPConn)}
		x.mu.Lock()
		x.links = append(x.links, l)
		x.mu.Unlock()
		if x.dark.Load() { // it is accepted, and nothing more is heard
			continue
		}
		s, err := net.Dial("tcp", x.server)
		if err != nil {
			l.reset()
			continue
		}
		x.mu.Lock()
		l.server = s.(*net.TCPConn)
		x.mu.Unlock()
		go l.up()
		go l.down()
	}
}

// close ends the trap and all that goes through it.
func (x *trap) close() {
	_ = x.ln.Close()
	x.mu.Lock()
	links := x.links
	x.mu.Unlock()
	for _, l := range links {
		l.reset()
	}
}

// reset cuts a connection as a router does that has forgotten it: both ends get RST.
func (l *link) reset() {
	for _, c := range []*net.TCPConn{l.client, l.server} {
		if c != nil {
			_ = c.SetLinger(0)
			_ = c.Close()
		}
	}
}

// port is from where the server sees the connection come.
func (l *link) port() int { return l.server.LocalAddr().(*net.TCPAddr).Port }

// down passes on what the server says.
func (l *link) down() {
	buf := make([]byte, 64<<10)
	for {
		n, err := l.server.Read(buf)
		if n > 0 {
			l.spoke.Add(1)
			l.pass(buf[:n])
		}
		if err != nil {
			if !l.trap.dark.Load() {
				_ = l.client.Close()
			}
			return
		}
	}
}

// pass lets the client hear something, or keeps it back.
func (l *link) pass(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.deaf:
		l.held = append(l.held, p...)
	case !l.trap.dark.Load():
		_, _ = l.client.Write(p)
	}
}

// hear begins to keep back what the server says, or passes it on, with what was kept
// back: nothing is missing in the middle.
func (l *link) hear(now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now {
		_, _ = l.client.Write(l.held)
		l.held = nil
	}
	l.deaf = !now
}

// up passes on what the client says, up to the command at which the trap springs.
func (l *link) up() {
	buf := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(buf)
		if n > 0 && !l.trap.dark.Load() {
			if text, is := l.trap.command(buf[:n]); is && !l.beats(text) && l.trap.count(text) {
				l.caught(buf[:n])
			} else if !l.trap.dark.Load() {
				_, _ = l.server.Write(buf[:n])
			}
		}
		if err != nil {
			if !l.trap.dark.Load() {
				_ = l.server.Close()
			}
			return
		}
	}
}

// beats tells whether a command is the heart of a table lock, which beats on a link of its own,
// when its time has come: it is not counted, so that the n-th command is the same each time.
func (l *link) beats(text string) bool {
	l.trap.mu.Lock()
	defer l.trap.mu.Unlock()
	return l != l.trap.links[0] && strings.Contains(text, "SET beats")
}

// caught springs the trap.
func (l *link) caught(msg []byte) {
	x := l.trap
	if x.when != before {
		l.hear(false)
		spoke := l.spoke.Load()
		_, _ = l.server.Write(msg)
		for x.when == after && l.spoke.Load() == spoke {
			time.Sleep(200 * time.Microsecond)
		}
		for x.when == after && !x.idle(l.port()) {
			time.Sleep(time.Millisecond)
		}
	}
	x.sprung.Store(true)
	x.spring(l, msg)
}

// command tells whether a packet is a command, and which.
func (x *trap) command(p []byte) (string, bool) {
	if x.mysql { // length, number (0 begins an exchange), COM_QUERY or a prepared statement
		if len(p) > 5 && p[3] == 0 && (p[4] == 3 || p[4] == 0x16 || p[4] == 0x17) {
			return string(p[5:]), true
		}
		return "", false
	}
	if len(p) > 5 && (p[0] == 'Q' || p[0] == 'P' || p[0] == 'B') {
		return string(p[5:]), true
	}
	return "", false
}

// count notes a command and tells whether it is the one.
func (x *trap) count(text string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "\x00", " ")), " ")
	x.said = append(x.said, text)
	return len(x.said) == x.at || x.mark != "" && !x.sprung.Load() && strings.Contains(text, x.mark)
}

// commands are what was said.
func (x *trap) commands() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string{}, x.said...)
}

// through is the URL by way of the trap. MySQL would speak TLS, which nobody can
// look into.
func (x *trap) through(t testing.TB, u string) string {
	t.Helper()
	p, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	p.Host = x.addr
	if x.mysql {
		p.RawQuery = "tls=false"
	}
	return p.String()
}
