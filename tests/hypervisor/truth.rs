//! Every figure of vtop, by its JSON key, computed from virsh's counters.

use crate::virsh::Window;
use vtop::fleet::metric::{Derivation, DomainMetric, Metric, Source};

/// The device or domain that a figure belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    Domain,
    Disk(String),
    Nic(String),
    Vcpu(u32),
}

/// A figure from virsh's counters, and its uncertainty: one step of the counter, and the time of the reading.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    pub value: f64,
    pub step: f64,
}

/// `None`: virsh's readings do not give it (no request in the window, or not counted by QEMU).
pub fn truth(window: &Window, domain: &str, of: &Of, figure: &str) -> Option<Truth> {
    let of_domain = Reader { window, domain };
    match of {
        Of::Domain => of_domain.domain(figure),
        Of::Disk(name) => of_domain.disk(name, figure),
        Of::Nic(name) => of_domain.nic(name, figure),
        Of::Vcpu(number) => of_domain.vcpu(*number, figure),
    }
}

/// Fewest requests for a mean time that can be compared.
const HANDFUL: f64 = 10.0;

/// The step in which the kernel counts CPU time of a thread or a cgroup in user and system mode: 10 ms, in nanoseconds.
/// The windows of vtop and of virsh do not begin and end in the same step, so two figures may differ by two of them.
const TICK: f64 = 1e7;

struct Reader<'a> {
    window: &'a Window,
    domain: &'a str,
}

impl Reader<'_> {
    fn rate(&self, key: &str, factor: f64, step: f64) -> Truth {
        let seconds = self.window.elapsed().as_secs_f64();
        Truth {
            value: factor * self.window.rate(self.domain, key),
            step: factor * (step + self.window.doubt(self.domain, key)) / seconds,
        }
    }

    fn percent(&self, key: &str, step: f64) -> Truth {
        self.rate(key, 1e-7, step)
    }

    fn kib(&self, key: &str) -> Truth {
        let value = 1024.0 * self.window.gauge(self.domain, key);
        Truth { value, step: 1024.0 * self.window.gauge_doubt(self.domain, key) }
    }

    fn names(&self, group: &str) -> Vec<String> {
        let prefix = format!("{group}.");
        let names = self.window.keys(self.domain).filter_map(|key| key.strip_prefix(&prefix)?.split_once('.'));
        let mut names: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
        names.dedup();
        names
    }

    fn sum(&self, parts: impl Iterator<Item = Option<Truth>>) -> Option<Truth> {
        parts.flatten().reduce(|a, b| Truth { value: a.value + b.value, step: a.step + b.step })
    }

    fn disks(&self, figure: &str) -> Option<Truth> {
        self.sum(self.names("block").iter().map(|name| self.disk(name, figure)))
    }

    fn nics(&self, figures: &[&str]) -> Option<Truth> {
        let names = self.names("net");
        self.sum(figures.iter().flat_map(|figure| names.iter().map(|name| self.nic(name, figure))))
    }

    fn vcpus(&self) -> Vec<u32> {
        self.names("vcpu").iter().filter_map(|number| number.parse().ok()).collect()
    }

    fn domain(&self, figure: &str) -> Option<Truth> {
        let scale = |truth: Truth, by: f64| Truth { value: truth.value / by, step: truth.step / by };
        Some(match figure {
            "cpu_percent" => self.percent("cpu.time", 0.0),
            "cpu_user_percent" => self.percent("cpu.user", 2.0 * TICK),
            "cpu_system_percent" => self.percent("cpu.system", 2.0 * TICK),
            "cpu_of_guest_percent" => {
                scale(self.domain("vcpus_percent")?, self.window.gauge(self.domain, "vcpu.current"))
            }
            "vcpus_percent" => self.sum(self.vcpus().iter().map(|number| self.vcpu(*number, "use_percent")))?,
            // The difference of two times.
            "other_threads_percent" => return None,
            "steal_percent" => {
                let vcpus = self.vcpus();
                let sum = self.sum(vcpus.iter().map(|number| self.vcpu(*number, "steal_percent")))?;
                scale(sum, vcpus.len() as f64)
            }
            "memory_used_bytes" => {
                let (available, usable) = (self.kib("balloon.available"), self.kib("balloon.usable"));
                Truth { value: available.value - usable.value, step: available.step + usable.step }
            }
            "memory_available_bytes" => self.kib("balloon.available"),
            "memory_given_bytes" => self.kib("balloon.current"),
            "memory_rss_bytes" => self.kib("balloon.rss"),
            "memory_cached_bytes" => self.kib("balloon.disk_caches"),
            "swap_in_bytes_per_second" => self.rate("balloon.swap_in", 1024.0, 4.0),
            "swap_out_bytes_per_second" => self.rate("balloon.swap_out", 1024.0, 4.0),
            "major_faults_per_second" => self.rate("balloon.major_fault", 1.0, 1.0),
            "disk_read_bytes_per_second" => self.disks("read_bytes_per_second")?,
            "disk_write_bytes_per_second" => self.disks("write_bytes_per_second")?,
            "disk_read_requests_per_second" => self.disks("read_requests_per_second")?,
            "disk_write_requests_per_second" => self.disks("write_requests_per_second")?,
            "disk_requests_per_second" => {
                let both = ["read_requests_per_second", "write_requests_per_second"];
                self.sum(both.iter().map(|figure| self.disks(figure)))?
            }
            "disk_worst_latency_nanoseconds" => {
                let figures = ["read_latency_nanoseconds", "write_latency_nanoseconds", "flush_latency_nanoseconds"];
                let disks = self.names("block");
                // The slowest may have too few requests to be compared.
                if disks.iter().any(|name| self.has_a_handful(name)) {
                    return None;
                }
                let all = disks.iter().flat_map(|name| figures.map(|figure| self.disk(name, figure)));
                all.flatten().max_by(|a, b| a.value.total_cmp(&b.value))?
            }
            "net_rx_bytes_per_second" => self.nics(&["rx_bytes_per_second"])?,
            "net_tx_bytes_per_second" => self.nics(&["tx_bytes_per_second"])?,
            "net_rx_packets_per_second" => self.nics(&["rx_packets_per_second"])?,
            "net_tx_packets_per_second" => self.nics(&["tx_packets_per_second"])?,
            "net_drops_per_second" => self.nics(&["rx_drops_per_second", "tx_drops_per_second"])?,
            "net_errors_per_second" => self.nics(&["rx_errors_per_second", "tx_errors_per_second"])?,
            // A count of events: its growth, under the name that the catalogue says it comes from.
            other => match DomainMetric::ALL.iter().find(|metric| metric.key() == other).map(|it| it.derivation()) {
                Some(Derivation::Rate(total)) => self.rate(total.source(), 1.0, 1.0),
                _ => panic!("no figure {other} of a domain"),
            },
        })
    }

    /// Whether there are so few requests that one of them changes the mean.
    fn has_a_handful(&self, disk: &str) -> bool {
        ["rd", "wr", "fl"].iter().any(|kind| {
            let key = format!("block.{disk}.{kind}.reqs");
            let count = self.window.growth(self.domain, &key);
            count < HANDFUL && count + self.window.doubt(self.domain, &key) > 0.0
        })
    }

    fn disk(&self, name: &str, figure: &str) -> Option<Truth> {
        let key = |field: &str| format!("block.{name}.{field}");
        let latency = |kind: &str| {
            let (times, requests) = (key(&format!("{kind}.times")), key(&format!("{kind}.reqs")));
            let count = self.window.growth(self.domain, &requests);
            let time = self.window.growth(self.domain, &times);
            let doubt =
                self.window.doubt(self.domain, &times) + self.window.doubt(self.domain, &requests) * time / count;
            (count - self.window.doubt(self.domain, &requests) >= HANDFUL)
                .then(|| Truth { value: time / count, step: doubt / count })
        };
        Some(match figure {
            "read_bytes_per_second" => self.rate(&key("rd.bytes"), 1.0, 65_536.0),
            "write_bytes_per_second" => self.rate(&key("wr.bytes"), 1.0, 65_536.0),
            "read_requests_per_second" => self.rate(&key("rd.reqs"), 1.0, 1.0),
            "write_requests_per_second" => self.rate(&key("wr.reqs"), 1.0, 1.0),
            "flushes_per_second" => self.rate(&key("fl.reqs"), 1.0, 1.0),
            "read_latency_nanoseconds" => latency("rd")?,
            "write_latency_nanoseconds" => latency("wr")?,
            "flush_latency_nanoseconds" => latency("fl")?,
            "in_flight_count" => {
                // QEMU counts requests as they end: without one there is no figure.
                let requests = ["rd.reqs", "wr.reqs"].map(key);
                let ended =
                    |name: &String| self.window.growth(self.domain, name) - self.window.doubt(self.domain, name);
                if requests.iter().map(ended).sum::<f64>() <= 0.0 {
                    return None;
                }
                let both = ["rd.times", "wr.times"].map(|field| self.rate(&key(field), 1e-9, 5e6));
                self.sum(both.into_iter().map(Some))?
            }
            // QEMU does not count them.
            "errors_per_second" => return None,
            other => panic!("no figure {other} of a disk"),
        })
    }

    fn nic(&self, name: &str, figure: &str) -> Option<Truth> {
        let fields = [
            ("rx_bytes_per_second", "rx.bytes", 1500.0),
            ("tx_bytes_per_second", "tx.bytes", 1500.0),
            ("rx_packets_per_second", "rx.pkts", 1.0),
            ("tx_packets_per_second", "tx.pkts", 1.0),
            ("rx_drops_per_second", "rx.drop", 1.0),
            ("tx_drops_per_second", "tx.drop", 1.0),
            ("rx_errors_per_second", "rx.errs", 1.0),
            ("tx_errors_per_second", "tx.errs", 1.0),
        ];
        let (_, field, step) = fields.iter().find(|(name, ..)| *name == figure)?;
        Some(self.rate(&format!("net.{name}.{field}"), 1.0, *step))
    }

    fn vcpu(&self, number: u32, figure: &str) -> Option<Truth> {
        let key = |field: &str| format!("vcpu.{number}.{field}");
        Some(match figure {
            "use_percent" => self.percent(&key("time"), 2.0 * TICK),
            // virsh itself takes CPU time from the guests during its reading.
            "steal_percent" => self.percent(&key("delay"), 1e8),
            "wait_percent" => self.percent(&key("wait"), 1e6),
            other => panic!("no figure {other} of a vCPU"),
        })
    }
}
