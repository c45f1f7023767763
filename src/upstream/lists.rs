//! The calls for lists: series, names and values of labels, and the metadata of metrics.

use crate::limits;
use crate::limits::Charge;
use crate::limits::Charged;
use crate::record::Context;
use crate::series::Metadata;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::upstream::List;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::decode::Decoded;
use crate::upstream::decode::Strings;
use crate::upstream::decode::Types;
use crate::upstream::decode::ValuesOf;
use crate::upstream::request;
use crate::upstream::request::Call;

/// Longest URL of a call that is sent with GET, in bytes: above it, lists are made of `series`
/// (queries.md, "Field names and values").
const URL: usize = 7 << 10;

/// By what a backend says that a list is not whole.
const TRUNCATED: &str = "results truncated due to limit";

impl Upstream {
    /// Whether any series matches one of `selectors` within `range`.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn has_series(
        &self,
        cx: &Context,
        selectors: &[String],
        range: TimeRange,
    ) -> Result<bool, UpstreamError> {
        let mut all = scope(selectors, Some(range.start), Some(range.end));
        all.push(("limit", "1".to_owned()));
        let call = Call::new(&["api", "v1", "series"], all);
        let mut charge = self.charge();
        let data = ValuesOf::new("", &mut charge);
        Ok(self.ask(cx, &call, data).await?.entries > 0)
    }

    /// The values of `label`, sorted, in the series that match one of `selectors`: for
    /// selectors that are too long for [`Self::label_values`].
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn values_in_series(
        &self,
        cx: &Context,
        label: &str,
        selectors: &[String],
        start: Option<UnixMillis>,
        end: Option<UnixMillis>,
    ) -> Result<Charged<List<String>>, UpstreamError> {
        let all = capped(scope(selectors, start, end));
        let call = Call::new(&["api", "v1", "series"], all);
        let mut charge = self.charge();
        let data = ValuesOf::new(label, &mut charge);
        let decoded = self.ask(cx, &call, data).await?;
        Ok(list(decoded, charge))
    }

    /// The names of the labels of the series that match one of `selectors`, or of all series.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn label_names(
        &self,
        cx: &Context,
        selectors: &[String],
        start: Option<UnixMillis>,
        end: Option<UnixMillis>,
    ) -> Result<Charged<List<String>>, UpstreamError> {
        let all = scope(selectors, start, end);
        let call = Call::new(&["api", "v1", "labels"], all);
        let mut charge = self.charge();
        let data = Strings::new(&mut charge);
        let decoded = self.ask(cx, &call, data).await?;
        Ok(list(decoded, charge))
    }

    /// The values of a label. `segment` is its name as a path spells it; the call is a GET, so ask
    /// [`Self::fits`] first.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn label_values(
        &self,
        cx: &Context,
        segment: &str,
        selectors: &[String],
        start: Option<UnixMillis>,
        end: Option<UnixMillis>,
    ) -> Result<Charged<List<String>>, UpstreamError> {
        let path = ["api", "v1", "label", segment, "values"];
        let call = Call::new(&path, capped(scope(selectors, start, end))).by_get();
        let mut charge = self.charge();
        let data = Strings::new(&mut charge);
        let decoded = self.ask(cx, &call, data).await?;
        Ok(list(decoded, charge))
    }

    /// Whether the URL of [`Self::label_values`] is short enough to be sent. If not, the values are
    /// those that [`Self::values_in_series`] finds.
    #[must_use]
    pub fn fits(
        &self,
        segment: &str,
        selectors: &[String],
        start: Option<UnixMillis>,
        end: Option<UnixMillis>,
    ) -> bool {
        let path = ["api", "v1", "label", segment, "values"];
        let call = Call::new(&path, capped(scope(selectors, start, end))).by_get();
        let form = request::form(&call, None, &self.target.connection.query_parameters);
        request::url(&self.target.connection.url, &path, &form)
            .as_str()
            .len()
            <= URL
    }

    /// The types of the metrics that the backend scrapes now.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn metadata(&self, cx: &Context) -> Result<Charged<Metadata>, UpstreamError> {
        // Prometheus has no other method for it.
        let call = Call::new(&["api", "v1", "metadata"], Vec::new()).by_get();
        let mut charge = self.charge();
        let data = Types::new(&mut charge);
        let types = self.ask(cx, &call, data).await?.value;
        Ok(Charged::new(types, charge))
    }

    /// The types of one metric family, as far as the backend knows it.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn metadata_of(
        &self,
        cx: &Context,
        family: &str,
    ) -> Result<Charged<Metadata>, UpstreamError> {
        let of_family = vec![("metric", family.to_owned())];
        let call = Call::new(&["api", "v1", "metadata"], of_family).by_get();
        let mut charge = self.charge();
        let data = Types::new(&mut charge);
        let types = self.ask(cx, &call, data).await?.value;
        Ok(Charged::new(types, charge))
    }
}

/// The parameters that say what a list is about.
fn scope(
    selectors: &[String],
    start: Option<UnixMillis>,
    end: Option<UnixMillis>,
) -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = selectors
        .iter()
        .map(|selector| ("match[]", selector.clone()))
        .collect();
    all.extend(start.map(|start| ("start", start.to_string())));
    all.extend(end.map(|end| ("end", end.to_string())));
    all
}

/// A list that is about something gets a protective cap. The legacy profile asks about nothing, and
/// its calls have no parameters.
fn capped(mut scope: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    if !scope.is_empty() {
        scope.push(("limit", limits::ANSWER_LIST.to_string()));
    }
    scope
}

/// A list, cut if it says so itself.
fn list(decoded: Decoded<List<String>>, charge: Charge) -> Charged<List<String>> {
    let mut list = decoded.value;
    list.is_cut |= decoded.warnings.iter().any(|text| text.contains(TRUNCATED));
    Charged::new(list, charge)
}
