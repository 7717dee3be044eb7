//! A tap on the way from a client to libvirtd: a socket that hands everything on, and counts the calls that pass.
//!
//! Counting here costs the client and the daemon nothing, works for any client, and tells where one refresh ends and the
//! next begins. libvirt's messages are `length, program, version, procedure, type, serial, status`, each 4 bytes, big
//! end first, and the arguments.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

const HEADER: usize = 28;
/// The program of libvirt's calls; keepalive is another.
const REMOTE: u32 = 0x2000_8086;
const CALL: u32 = 0;
/// `virConnectGetAllDomainStats` and `virDomainListGetStats`.
const BULK: u32 = 344;
/// Of the bulk call's flags.
const ACTIVE: u32 = 1;

/// A call as it is counted: its procedure, and where it is the bulk call its groups, and whether it names domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    procedure: u32,
    groups: Option<u32>,
    names_domains: bool,
}

impl Call {
    /// Its name, for the procedures that a dashboard uses.
    pub fn name(self) -> String {
        let name = match self.procedure {
            BULK => {
                let of = if self.names_domains { "of some" } else { "of all" };
                return format!("{} {of}", groups(self.groups.unwrap_or(0)));
            }
            2 => "close",
            6 => "NodeGetInfo",
            14 => "DomainGetXMLDesc",
            16 => "DomainGetInfo",
            60 => "SupportsFeature",
            66 => "AuthList",
            227 => "NodeGetCPUStats",
            228 => "NodeGetMemoryStats",
            262 => "DomainGetCPUStats",
            273 => "ListAllDomains",
            number => return format!("procedure {number}"),
        };
        name.to_owned()
    }
}

fn groups(bits: u32) -> String {
    const NAMES: [&str; 11] =
        ["state", "cpu", "balloon", "vcpu", "interface", "block", "perf", "iothread", "memory", "dirtyrate", "vm"];
    if bits == 0 {
        return "everything".into();
    }
    let named = NAMES.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, name)| *name);
    named.collect::<Vec<_>>().join("+")
}

/// What begins a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// The bulk call for active domains.
    Bulk,
    /// Any call: of a client that is not known to use the bulk call.
    Any,
}

/// What has passed so far.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    pub calls: BTreeMap<Call, u64>,
    /// Domains that were named in bulk calls, by call.
    pub named: BTreeMap<Call, u64>,
    pub answered_bytes: u64,
}

/// What is read as a refresh begins.
type OnRefresh<R> = Box<dyn Fn(&Passed) -> R + Send + Sync>;

struct State<R> {
    begins: Begins,
    /// Two refreshes cannot begin closer to each other than this: one may take several calls.
    apart: Duration,
    last: Option<Instant>,
    passed: Passed,
    on_refresh: Option<OnRefresh<R>>,
    readings: Vec<R>,
}

/// The tap. Readings of type `R` are taken as refreshes begin.
pub struct Tap<R> {
    state: Arc<(Mutex<State<R>>, Condvar)>,
}

impl<R: Clone + Send + 'static> Tap<R> {
    /// Listens at `here` and hands on to `daemon`.
    pub fn open(here: &Path, daemon: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(here)?;
        let state = State {
            begins: Begins::Bulk,
            apart: Duration::ZERO,
            last: None,
            passed: Passed::default(),
            on_refresh: None,
            readings: Vec::new(),
        };
        let state = Arc::new((Mutex::new(state), Condvar::new()));
        let (shared, daemon) = (Arc::clone(&state), daemon.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client that cannot be served sees its connection closed.
                let _ = serve(client, &daemon, &shared);
            }
        });
        Ok(Self { state })
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Begins to count anew.
    pub fn start(&self, begins: Begins, apart: Duration, on_refresh: OnRefresh<R>) {
        let mut state = self.lock();
        *state = State {
            begins,
            apart,
            last: None,
            passed: Passed::default(),
            on_refresh: Some(on_refresh),
            readings: Vec::new(),
        };
    }

    /// Waits until so many refreshes have begun; `None` where they do not come in time.
    pub fn wait(&self, refreshes: usize, limit: Duration) -> Option<Vec<R>> {
        let wait = self.state.1.wait_timeout_while(self.lock(), limit, |state| state.readings.len() < refreshes);
        let (state, _) = wait.unwrap_or_else(|poisoned| poisoned.into_inner());
        (state.readings.len() >= refreshes).then(|| state.readings.clone())
    }
}

fn serve<R: Send + 'static>(
    client: UnixStream,
    daemon: &Path,
    state: &Arc<(Mutex<State<R>>, Condvar)>,
) -> io::Result<()> {
    let daemon = UnixStream::connect(daemon)?;
    let (mut from_client, mut to_client) = (client.try_clone()?, client);
    let (mut from_daemon, mut to_daemon) = (daemon.try_clone()?, daemon);
    let asking = Arc::clone(state);
    std::thread::spawn(move || {
        let mut message = Vec::new();
        while read_message(&mut from_client, &mut message).is_ok() {
            asked(&asking, &message);
            if to_daemon.write_all(&message).is_err() {
                break;
            }
        }
        let _ = to_daemon.shutdown(Shutdown::Both);
    });
    let answering = Arc::clone(state);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(count @ 1..) = from_daemon.read(&mut buffer) {
            if let Ok(mut state) = answering.0.lock() {
                state.passed.answered_bytes += count as u64;
            }
            if to_client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    Ok(())
}

fn read_message(from: &mut UnixStream, message: &mut Vec<u8>) -> io::Result<()> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    message.clear();
    message.extend_from_slice(&length);
    message.resize((u32::from_be_bytes(length) as usize).max(4), 0);
    from.read_exact(&mut message[4..])
}

fn asked<R>((state, changed): &(Mutex<State<R>>, Condvar), message: &[u8]) {
    let word = |at: usize| Some(u32::from_be_bytes(message.get(at..at + 4)?.try_into().ok()?));
    let Ok(mut state) = state.lock() else { return };
    if (word(4), word(16)) == (Some(REMOTE), Some(CALL)) {
        let procedure = word(12).unwrap_or(0);
        // The arguments of the bulk call: domains (each of a name, a UUID and an ID; none: all), groups, flags. What
        // comes last is found from the end.
        let from_end = |bytes: usize| message.len().checked_sub(bytes).filter(|at| *at >= HEADER).and_then(word);
        let (groups, flags) = match procedure {
            BULK => (from_end(8), from_end(4)),
            _ => (None, None),
        };
        let may_begin = match state.begins {
            Begins::Any => true,
            Begins::Bulk => flags.is_some_and(|flags| flags & ACTIVE != 0),
        };
        let is_apart = state.last.is_none_or(|last| last.elapsed() >= state.apart);
        if may_begin
            && is_apart
            && let Some(read) = &state.on_refresh
        {
            let reading = read(&state.passed);
            state.readings.push(reading);
            state.last = Some(Instant::now());
            changed.notify_all();
        }
        let named = if procedure == BULK { word(HEADER).unwrap_or(0) } else { 0 };
        let call = Call { procedure, groups, names_domains: named > 0 };
        *state.passed.calls.entry(call).or_default() += 1;
        if named > 0 {
            *state.passed.named.entry(call).or_default() += u64::from(named);
        }
    }
}
