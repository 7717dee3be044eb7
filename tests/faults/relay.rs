//! A TCP relay to the lab's libvirtd, for connections as to another host, which can be cut or silenced.

use rustix::net::{Shutdown, shutdown};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Target of the relay.
#[derive(Clone)]
pub enum To {
    Socket(PathBuf),
    /// A port in the network namespace of a process.
    Port(PathBuf, u16),
}

impl To {
    fn connect(self) -> Result<File> {
        let socket: OwnedFd = match self {
            Self::Socket(path) => UnixStream::connect(path)?.into(),
            Self::Port(namespace, port) => {
                let namespace = File::open(namespace)?;
                // Only this thread enters the namespace, and it ends afterwards.
                let connecting = std::thread::spawn(move || {
                    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
                    TcpStream::connect(("127.0.0.1", port))
                });
                connecting.join().unwrap()?.into()
            }
        };
        Ok(socket.into())
    }
}

pub struct Relay {
    pub port: u16,
    to: To,
    /// Set while no bytes are passed on.
    silent: Arc<AtomicBool>,
    open: Mutex<Option<Open>>,
}

/// The listening thread, until the relay is cut.
struct Open {
    over: Arc<AtomicBool>,
    listener: JoinHandle<()>,
    connections: Arc<Mutex<Vec<[File; 2]>>>,
}

impl Relay {
    pub fn new(to: To) -> Self {
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
                let Ok(server) = to.clone().connect() else { continue };
                let client = File::from(OwnedFd::from(client));
                let [[to_client, from_client], [to_server, from_server]] =
                    [&client, &server].map(|end| [(); 2].map(|()| end.try_clone().unwrap()));
                kept.lock().unwrap().push([client, server]);
                let [there, back] = [Arc::clone(&silent), Arc::clone(&silent)];
                std::thread::spawn(move || carry(from_client, to_server, &there));
                std::thread::spawn(move || carry(from_server, to_client, &back));
            }
        };
        let open = Open { over, listener: std::thread::spawn(listening), connections };
        *self.open.lock().unwrap() = Some(open);
    }

    /// Closes all connections and accepts no more.
    pub fn cut(&self) {
        let Some(open) = self.open.lock().unwrap().take() else { return };
        open.over.store(true, Ordering::SeqCst);
        // Wakes the accept call.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        open.listener.join().unwrap();
        open.connections.lock().unwrap().drain(..).flatten().for_each(|socket| end(&socket));
    }

    /// Accepts connections again.
    pub fn mend(&self) {
        self.listen(TcpListener::bind(("127.0.0.1", self.port)).unwrap());
    }

    /// Sets whether bytes are dropped silently, as in a network that loses every packet.
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

/// Copies bytes from one side to the other until either side ends.
fn carry(mut from: File, mut to: File, silent: &AtomicBool) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        while silent.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    end(&from);
    end(&to);
}

/// Shuts a socket down; errors do not matter.
fn end(socket: &File) {
    let _ = shutdown(socket, Shutdown::Both);
}
