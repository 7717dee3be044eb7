//! A TCP port of this machine that leads to the lab's libvirtd, for connections as to another host: they can be cut, and
//! they can fall silent. The lab's own network is out of reach from here, its socket is not.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub struct Relay {
    pub port: u16,
    to: PathBuf,
    /// Bytes stay where they are.
    silent: Arc<AtomicBool>,
    open: Mutex<Option<Open>>,
}

/// It listens, until this is cut.
struct Open {
    over: Arc<AtomicBool>,
    listener: JoinHandle<()>,
    connections: Arc<Mutex<Vec<(TcpStream, UnixStream)>>>,
}

impl Relay {
    pub fn new(to: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Self { port, to, silent: Arc::default(), open: Mutex::default() };
        relay.listen(listener);
        relay
    }

    fn listen(&self, listener: TcpListener) {
        let (over, connections): (Arc<AtomicBool>, Arc<Mutex<Vec<_>>>) = Default::default();
        let (is_over, to, silent, kept) =
            (Arc::clone(&over), self.to.clone(), Arc::clone(&self.silent), Arc::clone(&connections));
        let listening = move || {
            for client in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(server) = UnixStream::connect(&to) else { continue };
                kept.lock().unwrap().push((client.try_clone().unwrap(), server.try_clone().unwrap()));
                let [there, back] = [Arc::clone(&silent), Arc::clone(&silent)];
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || carry(from_client, to_server, &there));
                std::thread::spawn(move || carry(server, client, &back));
            }
        };
        let open = Open { over, listener: std::thread::spawn(listening), connections };
        *self.open.lock().unwrap() = Some(open);
    }

    /// Ends all connections, and takes no more.
    pub fn cut(&self) {
        let Some(open) = self.open.lock().unwrap().take() else { return };
        open.over.store(true, Ordering::SeqCst);
        // It is waiting for this one.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        open.listener.join().unwrap();
        for (client, server) in open.connections.lock().unwrap().drain(..) {
            // Whoever is gone is gone.
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.listen(TcpListener::bind(("127.0.0.1", self.port)).unwrap());
    }

    /// Whether nothing gets through, as where a network loses everything: nobody is told that there is no connection.
    pub fn set_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.set_silent(false);
        self.cut();
    }
}

/// Carries bytes from one side to the other, until either ends.
fn carry(mut from: impl Read + Ends, mut to: impl Write + Ends, silent: &AtomicBool) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        while silent.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    from.end();
    to.end();
}

trait Ends {
    fn end(&self);
}

impl Ends for TcpStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Ends for UnixStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}
