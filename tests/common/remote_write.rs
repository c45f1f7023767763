//! Prometheus remote write 1.0, written out by hand: protobuf in literal-only snappy. It is
//! the one way in that takes any millisecond, NaN and stale markers on all engines.

use crate::series::Series;

/// The request body for these series, compressed as the protocol demands.
pub(crate) fn body(series: &[Series]) -> Vec<u8> {
    let mut request = Vec::new();
    for one in series {
        field(&mut request, 1, &time_series(one));
    }
    message(&request)
}

/// A request that is written already, compressed as the protocol demands.
pub(crate) fn message(request: &[u8]) -> Vec<u8> {
    snappy(request)
}

fn time_series(series: &Series) -> Vec<u8> {
    let mut out = Vec::new();
    let mut labels = vec![("__name__", series.metric.as_str())];
    labels.extend(
        series
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    // Receivers require labels sorted by name; some store them as they come.
    labels.sort_unstable();
    for (name, value) in labels {
        let mut label = Vec::new();
        field(&mut label, 1, name.as_bytes());
        field(&mut label, 2, value.as_bytes());
        field(&mut out, 1, &label);
    }
    for sample in &series.samples {
        let mut bytes = vec![1 << 3 | 1];
        // The bits as they are: a stale marker is one particular NaN.
        bytes.extend_from_slice(&sample.value.to_bits().to_le_bytes());
        bytes.push(2 << 3);
        varint(&mut bytes, sample.at.cast_unsigned());
        field(&mut out, 2, &bytes);
    }
    out
}

/// A length-delimited protobuf field.
pub(crate) fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, length(bytes));
    out.extend_from_slice(bytes);
}

pub(crate) fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// The snappy block format with nothing but literals: valid, only not smaller.
fn snappy(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, length(message));
    for chunk in message.chunks(1 << 16) {
        let last = length(chunk) - 1;
        // Tag 61: a literal whose length less one follows in two bytes.
        out.push(61 << 2);
        out.extend_from_slice(&last.to_le_bytes()[..2]);
        out.extend_from_slice(chunk);
    }
    out
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}
