//! A real backend: started on a free loopback port over an empty folder, filled by remote
//! write, and asked directly only for what was written and for the predecessor's queries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::numbers::whole;
use crate::process::{Process, client, free_ports, poll};
use crate::remote_write;
use crate::series::{Sample, Series};

/// An engine by the name of its folder, which is package and suite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Without it a demanding run fails; of the two `VictoriaMetrics`, one is enough.
    pub(crate) is_required: bool,
    /// Label names beyond `[a-zA-Z_][a-zA-Z0-9_]*`.
    pub(crate) takes_dotted_labels: bool,
}

impl Kind {
    /// Prometheus 2.42: left-closed ranges.
    pub(crate) const CLOSED: Self = Self::new("prometheus-bookworm", true, false);
    /// Prometheus 3.5: left-open ranges.
    pub(crate) const OPEN: Self = Self::new("prometheus-forky", true, true);
    /// 2.42, 2.53, 3.5, and `VictoriaMetrics` 1.79 and 1.145, as the suites stood in 2026.
    pub(crate) const ALL: [Self; 5] = [
        Self::CLOSED,
        Self::new("prometheus-trixie", false, false),
        Self::OPEN,
        Self::new("victoria-metrics-bookworm", false, false),
        Self::new("victoria-metrics-forky", false, true),
    ];

    const fn new(name: &'static str, is_required: bool, takes_dotted_labels: bool) -> Self {
        Self {
            name,
            is_required,
            takes_dotted_labels,
        }
    }

    pub(crate) fn is_victoria_metrics(self) -> bool {
        self.name.starts_with("victoria-metrics")
    }

    /// Where `scripts/backends.sh` puts the program.
    pub(crate) fn program(self, backends: &Path) -> PathBuf {
        let program = if self.is_victoria_metrics() {
            "victoria-metrics"
        } else {
            "prometheus"
        };
        backends.join(self.name).join("usr/bin").join(program)
    }
}

pub(crate) struct Engine {
    // Held for its drop, which ends the process.
    process: Process,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    client: ureq::Agent,
}

impl Engine {
    /// Starts it; `scrape` is an address to scrape every second, for metadata.
    pub(crate) fn start(kind: Kind, backends: &Path, folder: &Path, scrape: Option<&str>) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let [port] = free_ports();
        let address = format!("127.0.0.1:{port}");
        let (arguments, ready) = if kind.is_victoria_metrics() {
            let data = format!("-storageDataPath={}", folder.join("data").display());
            (
                vec![
                    data,
                    format!("-httpListenAddr={address}"),
                    "-retentionPeriod=100y".to_owned(),
                ],
                "health",
            )
        } else {
            (prometheus(folder, &address, scrape), "-/ready")
        };
        let log = folder.join("log");
        let process = Process::start(&kind.program(backends), &arguments, &[], &log);
        let mut engine = Self {
            process,
            kind,
            url: format!("http://{address}"),
            client: client(),
        };
        let ready = format!("{}/{ready}", engine.url);
        engine.process.wait_until_ready(&engine.client, &ready);
        engine
    }

    /// Writes the series, 20,000 samples of one at a time.
    pub(crate) fn write(&self, all: &[Series]) {
        for series in all {
            for samples in series.samples.chunks(20_000) {
                let part = Series {
                    samples: samples.to_vec(),
                    ..series.clone()
                };
                self.send(&remote_write::body(&[part]), &series.metric);
            }
        }
    }

    /// Sends a remote write request about `what`.
    pub(crate) fn send(&self, body: &[u8], what: &str) {
        let url = format!("{}/api/v1/write", self.url);
        let mut answer = self
            .client
            .post(&url)
            .header("Content-Encoding", "snappy")
            .header("Content-Type", "application/x-protobuf")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .send(body)
            .unwrap();
        let said = answer.body_mut().read_to_string().unwrap_or_default();
        assert!(
            answer.status().is_success(),
            "{} refused {what}: {said}",
            self.kind.name
        );
    }

    /// Waits until every sample written can be read: `VictoriaMetrics` finds new series only
    /// after 5 to 10 s, and remembers answers that it gave before.
    pub(crate) fn wait_for(&self, all: &[Series]) {
        for series in all {
            let expected = series.samples.len();
            poll(
                || format!("{} in {}", series.metric, self.kind.name),
                || self.samples(series).len() >= expected - self.unreadable(series),
            );
        }
    }

    /// How many samples the engine takes without giving them back.
    fn unreadable(&self, series: &Series) -> usize {
        series
            .samples
            .iter()
            .filter(|sample| sample.is_stale() || sample.value.is_nan())
            .count()
    }

    /// What a range selector returns of this very series over all time it was written for:
    /// the second, independent witness of what is stored.
    pub(crate) fn samples(&self, series: &Series) -> Vec<Sample> {
        let (Some(first), Some(last)) = (series.samples.first(), series.samples.last()) else {
            return Vec::new();
        };
        let labels: Vec<String> = series
            .labels
            .iter()
            .map(|(name, value)| format!("{}={}", quoted_name(name), quoted(value)))
            .collect();
        let query = format!(
            "{{__name__={},{}}}[{}ms]",
            quoted(&series.metric),
            labels.join(","),
            last.at - first.at + 1
        );
        let found = self.get(
            "query",
            &[
                ("query", &query),
                ("time", &seconds(last.at)),
                ("nocache", "1"),
            ],
        );
        found.into_iter().flat_map(|found| found.samples).collect()
    }

    /// A GET of the query API, with the parameters as they are.
    pub(crate) fn get(&self, route: &str, parameters: &[(&str, &str)]) -> Vec<Found> {
        let url = format!("{}/api/v1/{route}", self.url);
        let mut answer = self
            .client
            .get(&url)
            .query_pairs(parameters.iter().copied())
            .call()
            .unwrap();
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_vec()
            .unwrap();
        let answer: Response = serde_json::from_slice(&body).unwrap_or_else(|error| {
            panic!(
                "{} answered {parameters:?} with {error}: {}",
                self.kind.name,
                String::from_utf8_lossy(&body)
            )
        });
        answer.data.result.into_iter().map(Found::from).collect()
    }

    /// Waits until a scrape has brought metadata.
    pub(crate) fn wait_for_metadata(&self, metric: &str) {
        let url = format!("{}/api/v1/metadata", self.url);
        poll(
            || "metadata".to_owned(),
            || {
                let answer = self.client.get(&url).call();
                answer.is_ok_and(|mut answer| {
                    answer
                        .body_mut()
                        .read_to_string()
                        .is_ok_and(|text| text.contains(metric))
                })
            },
        );
    }
}

/// The flags of Prometheus. With blocks this large nothing is compacted while the tests run.
fn prometheus(folder: &Path, address: &str, scrape: Option<&str>) -> Vec<String> {
    let mut config = "storage: {tsdb: {out_of_order_time_window: 3650d}}\n".to_owned();
    if let Some(target) = scrape {
        let job = format!(
            "{{job_name: live, scrape_interval: 1s, static_configs: [{{targets: [\"{target}\"]}}]}}"
        );
        config.push_str(&format!("scrape_configs: [{job}]\n"));
    }
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    vec![
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", folder.join("data").display()),
        format!("--web.listen-address={address}"),
        "--web.enable-remote-write-receiver".to_owned(),
        "--storage.tsdb.retention.time=100y".to_owned(),
        "--storage.tsdb.min-block-duration=8760h".to_owned(),
        "--storage.tsdb.max-block-duration=8760h".to_owned(),
        "--log.level=warn".to_owned(),
        "--enable-feature=native-histograms".to_owned(),
    ]
}

/// A label set of an answer and its samples.
pub(crate) struct Found {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Response {
    data: Matrix,
}

#[derive(Deserialize)]
struct Matrix {
    result: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

impl From<Row> for Found {
    fn from(row: Row) -> Self {
        let sample = |(at, value): (f64, String)| Sample {
            at: whole(at * 1000.0),
            value: value.parse().unwrap(),
        };
        Self {
            labels: row.metric,
            samples: row.values.into_iter().map(sample).collect(),
        }
    }
}

/// Seconds with three decimals.
pub(crate) fn seconds(at: i64) -> String {
    format!("{}.{:03}", at.div_euclid(1000), at.rem_euclid(1000))
}

fn quoted_name(name: &str) -> String {
    if name.contains('.') {
        quoted(name)
    } else {
        name.to_owned()
    }
}

/// A `PromQL` string. Everything outside printable ASCII as an escape, which is another way than
/// the crate's own.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}
