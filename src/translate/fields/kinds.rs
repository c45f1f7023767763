//! Which metric names are values of which virtual field.

use std::collections::BTreeSet;

use crate::series::Metadata;
use crate::series::MetricType;
use crate::translate::conditions::Kind;

/// The values of the virtual field of `kind`, sorted bytewise, among the metric `names` of a
/// backend. Types come from `metadata`; without any, from the usual suffixes and from
/// `quantile_names`, the names of the metrics with a label `quantile`.
///
/// Metadata cover only what is scraped now: they sort, they never forbid. So a name of unknown type
/// is listed under counter and gauge, and one of several types under all of them.
#[must_use]
pub fn of_kind(
    kind: Kind,
    names: &[String],
    metadata: &Metadata,
    quantile_names: &[String],
) -> Vec<String> {
    let mut found = BTreeSet::new();
    if metadata.is_empty() {
        let quantile_names: BTreeSet<&String> = quantile_names.iter().collect();
        for name in names {
            let (guessed, value) = guess(name, quantile_names.contains(name));
            found.extend(guessed.contains(&kind).then_some(name.as_str()));
            found.extend(value.filter(|_| kind == Kind::Histogram));
        }
    } else {
        for name in names {
            for (of, value) in roles(name, metadata) {
                found.extend((of == kind).then_some(value));
            }
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// What a name is without metadata, and the base of the histogram that it belongs to.
fn guess(name: &str, has_quantiles: bool) -> (&'static [Kind], Option<&str>) {
    const COUNTERS: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];
    let kinds: &[Kind] = if COUNTERS.iter().any(|suffix| name.ends_with(suffix)) {
        &[Kind::Counter]
    } else if has_quantiles {
        &[Kind::Summary]
    } else {
        &[Kind::Gauge]
    };
    (kinds, base(name, &["_bucket"]))
}

/// The kinds that a name has by metadata, each with the value that it is listed as.
fn roles<'a>(name: &'a str, metadata: &Metadata) -> Vec<(Kind, &'a str)> {
    if let Some(types) = metadata.get(name) {
        return types.iter().flat_map(|of| own_roles(*of, name)).collect();
    }
    // OpenMetrics families drop the suffix of their counters.
    if let Some(family) = base(name, &["_total"])
        && has(metadata, family, MetricType::Counter)
    {
        return vec![(Kind::Counter, name)];
    }
    let mut found = Vec::new();
    if let Some(family) = base(name, &["_bucket", "_sum", "_count"]) {
        if has(metadata, family, MetricType::Histogram) {
            found.extend([(Kind::Counter, name), (Kind::Histogram, family)]);
        }
        if has(metadata, family, MetricType::Summary) {
            found.extend([(Kind::Counter, name), (Kind::Summary, family)]);
        }
    }
    if found.is_empty() {
        own_roles(MetricType::Unknown, name)
    } else {
        found
    }
}

/// The kinds of a name that metadata give a type of its own.
fn own_roles(of: MetricType, name: &str) -> Vec<(Kind, &str)> {
    match of {
        MetricType::Counter => vec![(Kind::Counter, name)],
        MetricType::Gauge | MetricType::Info | MetricType::StateSet => vec![(Kind::Gauge, name)],
        MetricType::Histogram => vec![(Kind::Histogram, name)],
        MetricType::Summary => vec![(Kind::Summary, name)],
        // No query reads gauge histograms.
        MetricType::GaugeHistogram => Vec::new(),
        MetricType::Unknown => vec![(Kind::Counter, name), (Kind::Gauge, name)],
    }
}

fn has(metadata: &Metadata, family: &str, of: MetricType) -> bool {
    metadata
        .get(family)
        .is_some_and(|types| types.contains(&of))
}

/// The name without one of `suffixes`, if something is left.
fn base<'a>(name: &'a str, suffixes: &[&str]) -> Option<&'a str> {
    let mut bases = suffixes
        .iter()
        .filter_map(|suffix| name.strip_suffix(suffix));
    bases.next().filter(|base| !base.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 13] = [
        "build_info",
        "errors",
        "heat_bucket",
        "http_total",
        "lat_bucket",
        "lat_count",
        "lat_sum",
        "mystery",
        "native",
        "rpc",
        "rpc_count",
        "rpc_sum",
        "temp",
    ];

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    fn metadata() -> Metadata {
        [
            ("build_info", vec![MetricType::Info]),
            ("errors", vec![MetricType::Counter, MetricType::Gauge]),
            ("heat", vec![MetricType::GaugeHistogram]),
            ("http", vec![MetricType::Counter]),
            ("lat", vec![MetricType::Histogram]),
            ("native", vec![MetricType::Histogram]),
            ("rpc", vec![MetricType::Summary]),
            ("temp", vec![MetricType::Gauge]),
        ]
        .into_iter()
        .map(|(name, types)| (name.to_owned(), types.into_iter().collect()))
        .collect()
    }

    #[track_caller]
    fn check(kind: Kind, metadata: &Metadata, expected: &[&str]) {
        let found = of_kind(kind, &list(&NAMES), metadata, &list(&["rpc"]));
        assert_eq!(found, expected);
    }

    #[test]
    fn metadata_sort_the_names() {
        let metadata = metadata();
        check(
            Kind::Counter,
            &metadata,
            &[
                "errors",
                "heat_bucket",
                "http_total",
                "lat_bucket",
                "lat_count",
                "lat_sum",
                "mystery",
                "rpc_count",
                "rpc_sum",
            ],
        );
        check(
            Kind::Gauge,
            &metadata,
            &["build_info", "errors", "heat_bucket", "mystery", "temp"],
        );
        check(Kind::Histogram, &metadata, &["lat", "native"]);
        check(Kind::Summary, &metadata, &["rpc"]);
        check(Kind::Promql, &metadata, &[]);
    }

    #[test]
    fn without_metadata_suffixes_and_quantiles_sort_the_names() {
        let none = Metadata::new();
        check(
            Kind::Counter,
            &none,
            &[
                "heat_bucket",
                "http_total",
                "lat_bucket",
                "lat_count",
                "lat_sum",
                "rpc_count",
                "rpc_sum",
            ],
        );
        check(
            Kind::Gauge,
            &none,
            &["build_info", "errors", "mystery", "native", "temp"],
        );
        check(Kind::Histogram, &none, &["heat", "lat"]);
        check(Kind::Summary, &none, &["rpc"]);
        check(Kind::Promql, &none, &[]);
    }

    #[test]
    fn a_bare_suffix_has_no_base() {
        let found = of_kind(Kind::Histogram, &list(&["_bucket"]), &Metadata::new(), &[]);
        assert!(found.is_empty());
    }
}
