//! Kinds by metadata, which an engine has only of what it scrapes: so here it scrapes us, and
//! the types contradict what the names suggest.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::engine::Engine;
use crate::labels;
use crate::question::Question;
use crate::rig::Rig;
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "metadata_tells_the_kind_whatever_the_name_suggests",
        on: On::Prometheus(kinds),
    },
    Case {
        name: "what_was_written_tells_its_kind_beside_what_is_scraped",
        on: On::Prometheus(written_beside_scraped),
    },
];

const EXPOSITION: &str = "# TYPE live_requests counter
live_requests 1
# TYPE live_level_total gauge
live_level_total 2
# TYPE live_latency histogram
live_latency_bucket{le=\"1\"} 1
live_latency_bucket{le=\"+Inf\"} 2
live_latency_sum 3
live_latency_count 2
# TYPE live_size summary
live_size{quantile=\"0.5\"} 1
live_size_sum 3
live_size_count 2
# TYPE live_odd untyped
live_odd 4
";

fn kinds(rig: &Rig<'_>) {
    let target = target();
    let folder = rig.folder.join(format!("{}-live", rig.engine.kind.name));
    let engine = Engine::start(rig.engine.kind, rig.backends, &folder, Some(&target));
    engine.wait_for_metadata("live_odd");
    let rig = Rig::new(&engine, rig.mirror, rig.backends, rig.folder);
    let values = |field| rig.values(&Question::field_values(field).prefix("live_")).0;
    let counters = [
        "live_latency_bucket",
        "live_latency_count",
        "live_latency_sum",
        "live_odd",
        "live_requests",
        "live_size_count",
        "live_size_sum",
    ];
    assert_eq!(values("__counter__"), counters);
    assert_eq!(values("__gauge__"), ["live_level_total", "live_odd"]);
    assert_eq!(values("__histogram__"), ["live_latency"]);
    assert_eq!(values("__summary__"), ["live_size"]);
}

/// The address of a target that exposes all kinds.
pub(crate) fn target() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    // Ends with the process: it waits for a connection that no longer comes.
    std::thread::spawn(move || listener.incoming().try_for_each(|stream| expose(stream?)));
    target
}

/// An engine with metadata of what it scrapes and none of what was written to it.
fn written_beside_scraped(rig: &Rig<'_>) {
    let target = target();
    let folder = rig.folder.join(format!("{}-both", rig.engine.kind.name));
    let engine = Engine::start(rig.engine.kind, rig.backends, &folder, Some(&target));
    engine.wait_for_metadata("live_odd");
    let written = labels::all();
    engine.write(&written);
    engine.wait_for(&written);
    let rig = Rig::new(&engine, rig.mirror, rig.backends, rig.folder);
    let values = |field| {
        rig.values(&Question::field_values(field).prefix("fields_"))
            .0
    };
    let counters = [
        "fields_gauge",
        "fields_latency_bucket",
        "fields_latency_count",
        "fields_latency_sum",
        "fields_requests_total",
        "fields_size",
        "fields_size_count",
        "fields_size_sum",
    ];
    assert_eq!(values("__counter__"), counters);
    assert_eq!(values("__gauge__"), ["fields_gauge", "fields_size"]);
    assert_eq!(values("__histogram__"), ["fields_latency"]);
    assert_eq!(values("__summary__"), ["fields_size"]);
    assert_eq!(
        rig.values(&Question::field_values("~")),
        (Vec::new(), false)
    );
}

/// Answers one scrape.
fn expose(mut stream: std::net::TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(&stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n";
    write!(
        stream,
        "{head}Content-Length: {}\r\n\r\n{EXPOSITION}",
        EXPOSITION.len()
    )
}
