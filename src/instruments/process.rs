//! What the kernel says about this process, read anew at each scrape: the usual `process_*`
//! gauges. Where there is no `/proc`, they are absent.

use std::fmt;
use std::fs;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::time::ClockId;
use rustix::time::clock_gettime;

/// Ticks per second in `/proc/<pid>/stat`; 100 on every architecture that Linux supports today
/// (proc(5): `USER_HZ`).
const TICKS: f64 = 100.0;

/// Reads `/proc/self`.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| {
            let Some(value) = value else { return Ok(()) };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        gauge(
            "process_resident_memory_bytes",
            "Resident memory.",
            resident_memory(),
        )?;
        gauge(
            "process_open_fds",
            "Open file descriptors.",
            open_descriptors(),
        )?;
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        gauge(
            "process_start_time_seconds",
            "Start of the process, in seconds since 1970.",
            start_time(&stat),
        )?;
        if let Some(seconds) = cpu_seconds(&stat) {
            let counter = ConstCounter::new(seconds);
            let descriptor = encoder.encode_descriptor(
                "process_cpu_seconds",
                "CPU time, user and system.",
                None,
                counter.metric_type(),
            )?;
            counter.encode(descriptor)?;
        }
        Ok(())
    }
}

fn resident_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

fn open_descriptors() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    // The one that reads the folder is not counted.
    u32::try_from(count)
        .ok()
        .map(|n| f64::from(n.saturating_sub(1)))
}

/// Field `number` of `/proc/<pid>/stat`, counted from 1 as proc(5) does. The second field is the
/// program's name in parentheses and may hold anything, so counting starts after the last one.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace()
        .nth(number.checked_sub(3)?)?
        .parse()
        .ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((field(stat, 14)? + field(stat, 15)?) / TICKS)
}

/// Of two clocks and not of `/proc/stat`, which a hardened unit hides (`ProcSubset=pid`).
fn start_time(stat: &str) -> Option<f64> {
    let seconds = |clock| {
        let time = clock_gettime(clock);
        Duration::try_from(time).ok().map(|it| it.as_secs_f64())
    };
    let boot = seconds(ClockId::Realtime)? - seconds(ClockId::Boottime)?;
    Some(boot + field(stat, 22)? / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_counted_from_the_start_of_the_machine() {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let system = fs::read_to_string("/proc/stat").unwrap();
        let boot = system.lines().find_map(|it| it.strip_prefix("btime "));
        let boot: f64 = boot.unwrap().parse().unwrap();
        let expected = boot + field(&stat, 22).unwrap() / TICKS;
        let found = start_time(&stat).unwrap();
        // That one is in whole seconds.
        assert!((found - expected).abs() < 2.0, "{found} {expected}");
    }

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 10 0 0 0 250 50 0 0 20 0 4 0 12345 1 2";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(field(stat, 22), Some(12_345.0));
        assert_eq!(field("", 22), None);
    }
}
