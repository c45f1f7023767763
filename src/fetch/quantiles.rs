//! Which quantiles a summary exposes, where the wanted one brought no value (queries.md, "Summary").

use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::Shared;
use crate::record::stages::Purpose;
use crate::translate::plan::Quantiles;
use crate::upstream::UpstreamError;

/// The label that holds the quantile; it needs no escaping in a path.
const LABEL: &str = "quantile";

/// Whether the wanted quantile has series, or the summary has none at all.
///
/// # Errors
///
/// [`FetchError::QuantileNotExposed`] if the summary is there and the quantile is not.
pub(super) async fn exist(run: &Run<'_>, wanted: &Quantiles) -> Result<bool, FetchError> {
    let mut exposed = exposed(run, wanted).await?;
    if exposed
        .iter()
        .any(|value| wanted.wanted.contains(&value.as_str()))
    {
        return Ok(true);
    }
    let Shared { cx, upstream, plan } = run.shared();
    // A summary may have nothing but its sum and its count.
    if exposed.is_empty() {
        let selectors = std::slice::from_ref(&wanted.count);
        cx.asks_all(Purpose::Series, selectors);
        let selectors = std::slice::from_ref(&wanted.count.text);
        let found = (upstream.has_series(cx, selectors, plan.subject.range)).await?;
        if !found {
            return Ok(false);
        }
    }
    exposed.sort_by(|a, b| number(a).total_cmp(&number(b)));
    Err(FetchError::QuantileNotExposed { exposed })
}

async fn exposed(run: &Run<'_>, wanted: &Quantiles) -> Result<Vec<String>, UpstreamError> {
    let Shared { cx, upstream, plan } = run.shared();
    let range = plan.subject.range;
    let (start, end) = (Some(range.start), Some(range.end));
    cx.asks_all(Purpose::Values, std::slice::from_ref(&wanted.all));
    let selectors = std::slice::from_ref(&wanted.all.text);
    let list = if upstream.fits(LABEL, selectors, start, end) {
        (upstream.label_values(cx, LABEL, selectors, start, end)).await?
    } else {
        (upstream.values_in_series(cx, LABEL, selectors, start, end)).await?
    };
    Ok(list.values.clone())
}

/// A quantile as a number; what is none comes last.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}
