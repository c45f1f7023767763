//! Which metric names are values of which virtual field.

use std::collections::BTreeSet;

use crate::series::Metadata;
use crate::series::MetricType;
use crate::translate::conditions::Kind;

/// The values of the virtual field of `kind`, sorted bytewise, among the metric `names` of a
/// backend. Types come from `metadata`; where they are missing, from the usual suffixes and from
/// `quantile_names`, the names of the metrics with a label `quantile`.
///
/// Metadata cover only what is scraped now: they sort, they never forbid. So a name of unknown type
/// is listed under counter and gauge, and one of several types under all of them. And beside what
/// is scraped a backend may hold what was written to it: a name without metadata tells its kind
/// whether or not other names have some.
#[must_use]
pub fn of_kind<'a>(
    kind: Kind,
    names: &'a [String],
    metadata: &Metadata,
    quantile_names: &[String],
) -> Vec<&'a str> {
    let quantile_names: BTreeSet<&String> = quantile_names.iter().collect();
    let mut found = BTreeSet::new();
    for name in names {
        let roles = roles(name, metadata).unwrap_or_else(|| {
            let has_quantiles = quantile_names.contains(name);
            guess(name, has_quantiles, metadata.is_empty())
        });
        let values = roles.into_iter().filter(|(of, _)| *of == kind);
        found.extend(values.map(|(_, value)| value));
    }
    found.into_iter().collect()
}

/// Whether [`of_kind`] depends on which metrics have a label `quantile`: whoever does not ask saves
/// the backend a list.
#[must_use]
pub fn needs_quantiles(kind: Kind, names: &[String], metadata: &Metadata) -> bool {
    match kind {
        Kind::Summary | Kind::Gauge if metadata.is_empty() => true,
        Kind::Summary => names.iter().any(|name| roles(name, metadata).is_none()),
        _ => false,
    }
}

/// What a name without metadata is, each kind with the value that it is listed as. With none at all
/// whatever its name does not tell is a gauge. Where other names have some, its type is unknown.
fn guess(name: &str, has_quantiles: bool, is_all_guessed: bool) -> Vec<(Kind, &str)> {
    const COUNTERS: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];
    if COUNTERS.iter().any(|suffix| name.ends_with(suffix)) {
        let histogram = base(name, &["_bucket"]).map(|base| (Kind::Histogram, base));
        [(Kind::Counter, name)]
            .into_iter()
            .chain(histogram)
            .collect()
    } else if has_quantiles {
        vec![(Kind::Summary, name)]
    } else if is_all_guessed {
        vec![(Kind::Gauge, name)]
    } else {
        own_roles(MetricType::Unknown, name)
    }
}

/// The kinds that a name has by metadata, each with the value that it is listed as; `None` if they
/// say nothing of it.
fn roles<'a>(name: &'a str, metadata: &Metadata) -> Option<Vec<(Kind, &'a str)>> {
    if let Some(family) = metadata.get(name) {
        return Some(
            family
                .types
                .iter()
                .flat_map(|of| own_roles(*of, name))
                .collect(),
        );
    }
    // OpenMetrics families drop the suffix of their counters.
    if let Some(family) = base(name, &["_total"])
        && has(metadata, family, MetricType::Counter)
    {
        return Some(vec![(Kind::Counter, name)]);
    }
    let mut found = Vec::new();
    if let Some(family) = base(name, &["_bucket", "_sum", "_count"]) {
        if has(metadata, family, MetricType::Histogram) {
            found.extend([(Kind::Counter, name), (Kind::Histogram, family)]);
        }
        if has(metadata, family, MetricType::Summary) {
            found.extend([(Kind::Counter, name), (Kind::Summary, family)]);
        }
        if found.is_empty() && has(metadata, family, MetricType::GaugeHistogram) {
            // Its buckets look like those of a histogram and are none that a query could read.
            return Some(own_roles(MetricType::Unknown, name));
        }
    }
    (!found.is_empty()).then_some(found)
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
        .is_some_and(|family| family.types.contains(&of))
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
    use crate::series::Family;

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
        .map(|(name, types)| (name.to_owned(), family(types)))
        .collect()
    }

    fn family(types: impl IntoIterator<Item = MetricType>) -> Family {
        Family {
            types: types.into_iter().collect(),
            help: None,
        }
    }

    #[track_caller]
    fn check(kind: Kind, metadata: &Metadata, expected: &[&str]) {
        let names = list(&NAMES);
        let found = of_kind(kind, &names, metadata, &list(&["rpc"]));
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
    fn a_name_without_metadata_tells_its_kind_beside_names_with_some() {
        let metadata: Metadata = [("temp".to_owned(), family([MetricType::Gauge]))].into();
        let counters = [
            "heat_bucket",
            "http_total",
            "lat_bucket",
            "lat_count",
            "lat_sum",
            "rpc_count",
            "rpc_sum",
        ];
        let unknown = ["build_info", "errors", "mystery", "native"];
        let mut expected = [counters.as_slice(), &unknown].concat();
        expected.sort_unstable();
        check(Kind::Counter, &metadata, &expected);
        let mut expected = [unknown.as_slice(), &["temp"]].concat();
        expected.sort_unstable();
        check(Kind::Gauge, &metadata, &expected);
        check(Kind::Histogram, &metadata, &["heat", "lat"]);
        check(Kind::Summary, &metadata, &["rpc"]);
    }

    #[test]
    fn quantiles_are_asked_for_only_where_a_kind_depends_on_them() {
        let (all, scraped) = (list(&NAMES), list(&["temp", "lat_sum"]));
        let (some, none) = (metadata(), Metadata::new());
        assert!(needs_quantiles(Kind::Summary, &all, &none));
        assert!(needs_quantiles(Kind::Gauge, &all, &none));
        assert!(!needs_quantiles(Kind::Counter, &all, &none));
        assert!(needs_quantiles(Kind::Summary, &all, &some));
        assert!(!needs_quantiles(Kind::Summary, &scraped, &some));
        assert!(!needs_quantiles(Kind::Gauge, &all, &some));
    }

    #[test]
    fn a_bare_suffix_has_no_base() {
        let names = list(&["_bucket"]);
        let found = of_kind(Kind::Histogram, &names, &Metadata::new(), &[]);
        assert!(found.is_empty());
    }
}
