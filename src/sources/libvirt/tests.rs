//! The source against libvirt's test driver: real library calls, no daemon.
//!
//! `test:///default` is one host for the whole process. So these tests do not change its domain `test`, define domains of their
//! own, and do not check the number of domains.

use super::{Calls, LibvirtOptions, LibvirtSource};
use crate::model::{Call, DomainSample, DomainState, Driver, Groups, HostSample};
use crate::sources::{FailureScope, Notice, Notify, Request, Source};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use uuid::Uuid;
use virt::connect::Connect;
use virt::domain::Domain;

const URI: &str = "test:///default";

fn source(uri: &str) -> LibvirtSource {
    LibvirtSource::new(LibvirtOptions { uri: Some(uri.to_owned()), calls: Calls::Auto })
}

fn connected(calls: Calls) -> (LibvirtSource, Receiver<Notice>) {
    let mut source = LibvirtSource::new(LibvirtOptions { uri: Some(URI.to_owned()), calls });
    let (sender, notices) = channel();
    source.connect(Notify::new(move |notice| drop(sender.send(notice)))).expect("the test driver needs no daemon");
    (source, notices)
}

fn domain<'a>(sample: &'a HostSample, name: &str) -> Option<(Uuid, &'a DomainSample)> {
    sample.domains.iter().find(|(_, domain)| domain.name == name).map(|(&uuid, domain)| (uuid, domain))
}

/// The events of the domain with that name, until a notice of a change has arrived.
fn events_of(notices: &Receiver<Notice>, name: &str) -> Vec<String> {
    let mut events = Vec::new();
    let mut patience = Duration::from_secs(5);
    // One change can be several events (resumed, started); they come together.
    loop {
        match notices.recv_timeout(patience) {
            Ok(Notice::Event(event)) => {
                let domain = event.domain.expect("an event of a domain");
                if domain.name == name {
                    events.push(format!("{}: {}", event.kind.what(), event.kind.why()));
                }
            }
            Ok(Notice::HostChanged(_)) => {}
            Ok(Notice::DomainsChanged) => patience = Duration::from_millis(50),
            Ok(Notice::Closed(reason)) => panic!("closed: {reason}"),
            Err(error) => {
                assert_eq!((error, patience), (RecvTimeoutError::Timeout, Duration::from_millis(50)));
                return events;
            }
        }
    }
}

fn wait_for_change(notices: &Receiver<Notice>) {
    drop(events_of(notices, ""));
}

/// A domain of the test driver. Dropping it removes the domain.
struct Guest(Domain);

impl Guest {
    fn define(connection: &Connect, name: &str) -> Self {
        let xml = format!(
            "<domain type='test'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>3</vcpu>\
             <os><type>hvm</type></os><devices>\
             <disk type='file' device='disk'><source file='/x.img'/><target dev='vdx' bus='virtio'/></disk>\
             </devices></domain>"
        );
        Self(connection.define_domain_xml(&xml).unwrap())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        drop(self.0.destroy());
        drop(self.0.undefine());
    }
}

#[test]
fn the_host_is_described() {
    let info = source(URI).connect(Notify::new(drop)).unwrap();
    assert_eq!(info.driver, Driver::Test);
    assert_eq!(info.uri, URI);
    assert!(!info.hostname.is_empty());
    assert!(info.cpus >= Some(1));
    assert_eq!(info.libvirt_version.unwrap().split('.').count(), 3);
    assert!(!info.synthetic);
}

#[test]
fn a_bulk_call_that_returns_only_states_is_replaced() {
    let (mut source, _notices) = connected(Calls::Auto);
    let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let (_, test) = domain(&sample, "test").unwrap();
    assert_eq!((test.state, test.run), (DomainState::Running, Some(1)));
    assert_eq!(test.answered, Groups::OVERVIEW);
    assert!(test.cpu.time.is_some());
    assert_eq!(test.vcpus.len(), 2);
    assert_eq!(test.memory.maximum.unwrap().0, 8 << 30);
    assert_eq!(test.disks.iter().map(|disk| disk.name.as_str()).collect::<Vec<_>>(), ["vda"]);
    assert!(test.disks[0].read_bytes.is_some());
    assert_eq!(test.nics.iter().map(|nic| nic.name.as_str()).collect::<Vec<_>>(), ["testnet0"]);
    assert!(test.nics[0].rx_bytes.is_some());
    assert!(sample.node.cpu.is_some());
    // The driver has the call, so it is not an unsupported one.
    assert!(!sample.unsupported.iter().any(|unsupported| unsupported.call == Call::BulkStats));
}

#[test]
fn unsupported_calls_are_listed_once_with_a_reason() {
    let (mut source, _notices) = connected(Calls::PerDomain);
    let first = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let flags: Vec<_> =
        first.unsupported.iter().filter(|unsupported| unsupported.call == Call::BlockStatsFlags).collect();
    assert_eq!(flags.len(), 1);
    assert_eq!(flags[0].reason, "not supported by the TEST driver");
    // Without that call, only flush requests and times are missing.
    let disk = &domain(&first, "test").unwrap().1.disks[0];
    assert!(disk.flush_requests.is_none() && disk.read_time.is_none() && disk.write_requests.is_some());
    let second = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    assert!(Arc::ptr_eq(&first.unsupported, &second.unsupported));
}

#[test]
fn only_requested_groups_are_read() {
    let (mut source, _notices) = connected(Calls::PerDomain);
    let request = Request::of_all(Groups::STATE | Groups::NET);
    drop(source.sample(&request));
    let sample = source.sample(&request).unwrap();
    let (_, test) = domain(&sample, "test").unwrap();
    assert_eq!(test.answered, request.groups);
    assert_eq!(test.nics.len(), 1);
    assert!(test.cpu.time.is_none() && test.disks.is_empty() && test.vcpus.is_empty());
    assert_eq!(test.memory, Default::default());
    let state = source.sample(&Request::state_only()).unwrap();
    assert_eq!(domain(&state, "test").unwrap().1.answered, Groups::STATE);
    assert_eq!(state.node, Default::default());
}

#[test]
fn the_definition_is_read_once() {
    let (mut source, _notices) = connected(Calls::Auto);
    let first = source.sample(&Request::state_only()).unwrap();
    let second = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let third = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let [first, second, third] = [&first, &second, &third]
        .map(|sample| domain(sample, "test").unwrap().1.definition.clone().expect("one small domain is in the budget"));
    assert_eq!(first.vcpus_max, Some(2));
    assert!(Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&second, &third));
}

#[test]
fn events_and_samples_show_the_life_of_a_domain() {
    let (mut source, notices) = connected(Calls::Auto);
    let other = Connect::open(Some(URI)).unwrap();
    drop(source.sample(&Request::of_all(Groups::OVERVIEW)));
    let name = "life-of-a-domain";

    let guest = Guest::define(&other, name);
    assert_eq!(events_of(&notices, name), ["defined: new"]);
    let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let (uuid, off) = domain(&sample, name).unwrap();
    assert_eq!((off.state, off.run, off.answered), (DomainState::ShutOff, None, Groups::STATE));
    assert_eq!(off.definition.as_ref().unwrap().vcpus_max, Some(3));

    guest.0.create().unwrap();
    assert_eq!(events_of(&notices, name), ["started: booted"]);
    let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let on = &sample.domains[&uuid];
    assert_eq!(on.state, DomainState::Running);
    assert_eq!(on.disks[0].name, "vdx");
    let run = on.run.expect("it runs");

    guest.0.suspend().unwrap();
    assert_eq!(events_of(&notices, name), ["paused: by the user"]);
    let sample = source.sample(&Request::state_only()).unwrap();
    let paused = &sample.domains[&uuid];
    assert_eq!((paused.state, paused.run), (DomainState::Paused, Some(run)));
    assert_eq!(paused.reason.describe(paused.state), Some("by the user"));

    guest.0.destroy().unwrap();
    assert_eq!(events_of(&notices, name), ["stopped: destroyed"]);
    let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    assert_eq!((sample.domains[&uuid].state, sample.domains[&uuid].run), (DomainState::ShutOff, None));
    // It is still there in a sample without an event before it.
    assert_eq!(source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap().domains[&uuid].state, DomainState::ShutOff);

    guest.0.rename("life-of-another", 0).unwrap();
    wait_for_change(&notices);
    let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    assert_eq!(sample.domains[&uuid].name, "life-of-another");

    drop(guest);
    assert_eq!(events_of(&notices, "life-of-another"), ["undefined: removed"]);
    assert!(!source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap().domains.contains_key(&uuid));
}

#[test]
fn a_redefined_domain_is_read_again() {
    let (mut source, notices) = connected(Calls::Auto);
    let other = Connect::open(Some(URI)).unwrap();
    let guest = Guest::define(&other, "redefined");
    wait_for_change(&notices);
    let before = source.sample(&Request::state_only()).unwrap();
    let (uuid, before) = domain(&before, "redefined").unwrap();

    let xml = guest.0.xml_desc(0).unwrap().replace("vdx", "vdy");
    drop(other.define_domain_xml(&xml).unwrap());
    wait_for_change(&notices);
    let after = source.sample(&Request::state_only()).unwrap().domains[&uuid].definition.clone().unwrap();
    assert_eq!(before.definition.as_ref().unwrap().disks[0].target, "vdx");
    assert_eq!(after.disks[0].target, "vdy");
}

#[test]
fn connecting_again_closes_the_old_connection() {
    let mut source = source(URI);
    let (sender, notices) = channel();
    for number in 0..3 {
        let sender = sender.clone();
        source.connect(Notify::new(move |notice| drop(sender.send((number, notice))))).unwrap();
    }
    let other = Connect::open(Some(URI)).unwrap();
    // The older connections may have received events of other tests' domains.
    while notices.try_recv().is_ok() {}
    drop(Guest::define(&other, "connected-again"));
    let (number, _) = notices.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(number, 2);
    assert!(notices.try_iter().all(|(number, _)| number == 2), "an old connection still sends events");
    // The source itself closed it, so there is no notice.
    drop(source);
    assert!(notices.try_iter().all(|(_, notice)| !matches!(notice, Notice::Closed(_))));
}

#[test]
fn a_definition_outlives_its_connection() {
    let (mut source, _notices) = connected(Calls::Auto);
    let before = domain(&source.sample(&Request::state_only()).unwrap(), "test").unwrap().1.definition.clone().unwrap();
    source.connect(Notify::new(drop)).unwrap();
    let after = domain(&source.sample(&Request::state_only()).unwrap(), "test").unwrap().1.definition.clone().unwrap();
    assert!(Arc::ptr_eq(&before, &after));
}

#[test]
fn a_handler_that_panics_does_not_end_the_process() {
    let mut source = source(URI);
    source.connect(Notify::new(|_| panic!("on purpose"))).unwrap();
    let other = Connect::open(Some(URI)).unwrap();
    drop(Guest::define(&other, "panics"));
    // The loop still runs: another connection gets events.
    let (_source, notices) = connected(Calls::Auto);
    drop(Guest::define(&other, "panics-not"));
    wait_for_change(&notices);
}

#[test]
fn errors_say_what_to_do() {
    let no_notify = || Notify::new(drop);
    let error = source("://").connect(no_notify()).unwrap_err();
    assert_eq!(error.scope, FailureScope::Permanent);
    assert!(error.message.contains("not a URI"), "{error}");

    let error = source("qemu+unix:///system?socket=/nowhere/virtqemud-sock").connect(no_notify()).unwrap_err();
    assert_eq!(error.scope, FailureScope::Away);
    assert!(error.message.contains("there is no /nowhere/virtqemud-sock"), "{error}");
    assert_eq!(error.advice.as_deref(), Some("start it: sudo systemctl start virtqemud.socket"));

    let error = source("a\0b").connect(no_notify()).unwrap_err();
    assert_eq!(error.scope, FailureScope::Permanent);

    let error = source(URI).sample(&Request::of_all(Groups::OVERVIEW)).unwrap_err();
    assert_eq!(error.scope, FailureScope::Connection);
}
