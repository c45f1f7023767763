//! The values of one field.

use std::sync::Arc;

use crate::cache::ListKey;
use crate::cache::Turn;
use crate::cache::whole_minutes;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::limits::Charged;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::mirror::recorded;
use crate::protocol::field_values::FieldValuesRequest;
use crate::protocol::field_values::FieldValuesResponse;
use crate::record::Arrival;
use crate::record::stages::Purpose;
use crate::translate::conditions::Kind;
use crate::translate::fields;
use crate::translate::fields::Attempt;
use crate::translate::fields::Lookup;
use crate::translate::fields::ValuesPlan;
use crate::upstream::List;
use crate::upstream::UpstreamError;

impl Mirror {
    /// The values of one field: of a label, or the metric names of a kind.
    ///
    /// # Errors
    ///
    /// The failure to answer with.
    pub async fn field_values(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        request: &FieldValuesRequest,
    ) -> Result<FieldValuesResponse, Failure> {
        recorded::field_values(&arrival, request);
        let opened = self.open(
            configured,
            caller,
            arrival,
            &request.connection_details,
            request.request_timeout,
        )?;
        let options = &opened.upstream.connection().options;
        let profile = options.profile;

        let query = &request.query;
        let asked = Some(query.field_name.as_str());
        recorded::lookup_conditions(&opened.cx, &query.conditions, asked, options);
        let plan = fields::values(&request.query, options)
            .map_err(|error| failures::translate(&error, profile))?;
        recorded::lists(&opened.cx, "field_values");
        let (kind, lookup) = match plan {
            ValuesPlan::Nothing => {
                return Ok(FieldValuesResponse {
                    is_partial: false,
                    values: Vec::new(),
                });
            }
            ValuesPlan::Label(lookup) => (None, lookup),
            ValuesPlan::Kind(kind, lookup) => (Some(kind), lookup),
        };
        let mut answer = lookup.answer(Vec::new(), false);
        for attempt in &lookup.attempts {
            let hit;
            (hit, answer) = self
                .attempt(&opened, &lookup, attempt, kind)
                .await
                .map_err(|error| failures::upstream(&error, profile))?;
            if hit {
                break;
            }
        }
        let cx = &opened.cx;
        cx.note(|recorded| recorded.listed(answer.values.len(), answer.is_partial));
        Ok(answer)
    }

    /// Whether one attempt has a hit, on whichever page, and the page that was asked for.
    async fn attempt(
        &self,
        opened: &Opened,
        lookup: &Lookup,
        attempt: &Attempt,
        kind: Option<Kind>,
    ) -> Result<(bool, FieldValuesResponse), UpstreamError> {
        // With the whole list at hand a prefix needs no call.
        let whole = list_key(opened, lookup, &attempt.whole_selectors);
        let list = match self.lists.kept(&whole).await {
            Some(list) => {
                opened.cx.note(|recorded| recorded.cached += 1);
                list
            }
            None => {
                opened.cx.asks_all(Purpose::Values, &attempt.spelled);
                self.label_values(opened, lookup, &attempt.selectors)
                    .await?
            }
        };
        let Some(kind) = kind else {
            let hits = attempt.hits(list.values.iter().map(String::as_str));
            return Ok((!hits.is_empty(), lookup.answer(hits, list.is_cut)));
        };
        let Opened { cx, upstream, .. } = opened;
        let metadata = if cx.is_dry() {
            upstream.metadata(cx).await.map(Arc::new)
        } else {
            let turn = Turn::of(cx, upstream);
            let fetch = || upstream.metadata(cx);
            self.lists.metadata(upstream.identity(), &turn, fetch).await
        };
        // Metadata only sort: a backend without them still lists its metrics.
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(error) if error.status().is_some() => Arc::default(),
            Err(error) => return Err(error),
        };
        let needs_quantiles = fields::needs_quantiles(kind, &list.values, &metadata);
        let quantile_names = if needs_quantiles && !attempt.quantile_selectors.is_empty() {
            cx.asks_all(Purpose::Values, &attempt.quantile_spelled);
            self.label_values(opened, lookup, &attempt.quantile_selectors)
                .await?
        } else {
            Arc::default()
        };
        let names = fields::of_kind(kind, &list.values, &metadata, &quantile_names.values);
        let hits = attempt.hits(names);
        Ok((!hits.is_empty(), lookup.answer(hits, list.is_cut)))
    }

    /// The values of a label, as the backend lists them: from a list kept for a little while, else
    /// by the one path that is made for it, else, where its URL would be too long, from series.
    async fn label_values(
        &self,
        opened: &Opened,
        lookup: &Lookup,
        selectors: &[String],
    ) -> Result<Arc<Charged<List<String>>>, UpstreamError> {
        let Opened { cx, upstream, .. } = opened;
        let Lookup {
            label,
            path_segment,
            ..
        } = lookup;
        let (start, end) = whole_minutes(lookup.start, lookup.end);
        let key = list_key(opened, lookup, selectors);
        let fetch = async || {
            if upstream.fits(path_segment, selectors, start, end) {
                return upstream
                    .label_values(cx, path_segment, selectors, start, end)
                    .await;
            }
            upstream
                .values_in_series(cx, label, selectors, start, end)
                .await
        };
        if cx.is_dry() {
            // Nothing is sent: what comes back is no list that others could use.
            return fetch().await.map(Arc::new);
        }
        let turn = Turn::of(cx, upstream);
        let list = self.lists.list(key, &turn, fetch).await;
        recorded::remembered(cx, &turn);
        list
    }
}

/// Under what the values of the lookup's label in these series are kept.
fn list_key(opened: &Opened, lookup: &Lookup, selectors: &[String]) -> ListKey {
    ListKey {
        identity: opened.upstream.identity().to_owned(),
        label: Some(lookup.label.clone()),
        selectors: selectors.to_vec(),
        range: whole_minutes(lookup.start, lookup.end),
    }
}
