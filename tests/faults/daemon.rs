//! libvirtd is killed, stopped for a while, frozen, and restarted repeatedly.

use crate::lab::{GUESTS, Lab};
use crate::outage::{Outage, is_shown_live};
use crate::program::Program;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::cell::RefCell;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Limit from the return of libvirtd to the next sample.
const BACK_WITHIN: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(40);

pub fn killed(lab: &Lab, table: &mut Table) {
    away(lab, table, "libvirtd is killed, and started again", Duration::from_millis(1200));
}

pub fn away_for_longer(lab: &Lab, table: &mut Table) {
    away(lab, table, "libvirtd is killed, and away for 8 s", Duration::from_secs(8));
}

fn away(lab: &Lab, table: &mut Table, fault: &str, length: Duration) {
    let begin = || drop(lab.must(&["stop-daemon"]));
    let end = || drop(lab.must(&["start-daemon"]));
    let outage = Outage { fault, uri: &lab.uri, begin: &begin, end: &end, length, back_within: BACK_WITHIN };
    let row = outage.of_the_connection();
    table.add(row.clone());
    row.judge();
}

/// libvirtd is killed, something accepts connections at its socket and resets them, and twice libvirtd is killed right after
/// its start.
pub fn comes_back_badly(lab: &Lab, table: &mut Table) {
    const RESETS: Duration = Duration::from_secs(10);
    let socket = lab.uri.split("socket=").nth(1).and_then(|rest| rest.split('&').next()).map(PathBuf::from).unwrap();
    let resetter = RefCell::new(None);
    let attempts = RefCell::new(0);
    let begin = || {
        lab.must(&["stop-daemon"]);
        *resetter.borrow_mut() = Some(Resetter::start(socket.clone()));
    };
    let end = || {
        *attempts.borrow_mut() = resetter.take().unwrap().stop();
        for _ in 0..2 {
            lab.must(&["start-daemon"]);
            lab.must(&["stop-daemon"]);
        }
        lab.must(&["start-daemon"]);
    };
    let fault = "libvirtd is killed, connections are reset for 10 s, two more starts end";
    let outage = Outage { fault, uri: &lab.uri, begin: &begin, end: &end, length: RESETS, back_within: BACK_WITHIN };
    let row = outage.of_the_connection();
    let attempts = attempts.take();
    table.add(Row { note: format!("{}; {attempts} attempts in the 10 s", row.note), ..row.clone() });
    // Of the screen and of the fleet beside it: two clients, once a second each.
    assert!((12..=26).contains(&attempts), "{attempts} attempts");
    row.judge();
}

/// Accepts connections and resets them.
struct Resetter {
    socket: PathBuf,
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Resetter {
    fn start(socket: PathBuf) -> Self {
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let (stop, connections) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (is_stopped, count) = (Arc::clone(&stop), Arc::clone(&connections));
        let thread = std::thread::spawn(move || {
            let wait = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
            while !is_stopped.load(Ordering::SeqCst) {
                if poll(&mut [PollFd::new(&listener, PollFlags::IN)], Some(&wait)).is_ok_and(|ready| ready > 0) {
                    // What the client has sent is not read: that is a reset.
                    let client = listener.accept().unwrap().0;
                    let _ = poll(&mut [PollFd::new(&client, PollFlags::IN)], Some(&wait));
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self { socket, stop, connections, thread }
    }

    /// Returns the number of connections.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
        let _ = std::fs::remove_file(&self.socket);
        self.connections.load(Ordering::SeqCst)
    }
}

pub fn frozen(lab: &Lab, table: &mut Table) {
    let daemon = [lab.daemon_pid()];
    let stopped = RefCell::new(None);
    let outage = Outage {
        fault: "libvirtd is frozen for 20 s",
        uri: &lab.uri,
        begin: &|| *stopped.borrow_mut() = Some(lab.stop(&daemon)),
        end: &|| drop(stopped.take()),
        length: Duration::from_secs(20),
        back_within: BACK_WITHIN,
    };
    let row = outage.of_answers();
    table.add(row.clone());
    row.judge();
}

pub fn restarted_again_and_again(lab: &Lab, table: &mut Table) {
    let cycles = std::env::var("VTOP_FAULT_CYCLES").ok().and_then(|number| number.parse().ok()).unwrap_or(20);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let program = Program::steady(&lab.uri, &["-d", "0.2"]);
    let before = program.holdings();
    let mut longest = Duration::ZERO;
    let ((), beats) = program.beating(|| {
        for cycle in 0..cycles {
            let connected = watch.connected.len();
            lab.must(&["restart-daemon"]);
            let back =
                watch.until("samples again", LIMIT, |watch| watch.connected.len() > connected && watch.is_sampled());
            let shown = program.wait("samples again", is_shown_live);
            if back.max(shown) > BACK_WITHIN {
                println!("cycle {cycle}: back {back:?}, shown {shown:?}");
            }
            longest = longest.max(back.max(shown));
            // vtop backs off from a daemon that ends before it has given figures. Five times as often as here
            // the program asks for them.
            let ticks = watch.host().timeline.last();
            watch.until("another sample", LIMIT, |watch| watch.host().timeline.last() > ticks);
            if cycle == 0 {
                println!("the first time {back:?}");
            }
        }
    });
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: format!("libvirtd is killed and started {cycles} times"),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("back {} after its return at the latest", seconds(longest)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(longest < BACK_WITHIN, "{longest:?}");
    row.judge();
}
