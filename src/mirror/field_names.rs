//! Which fields can be used in conditions.

use std::sync::Arc;

use crate::cache::ListKey;
use crate::cache::Turn;
use crate::cache::whole_minutes;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::mirror::recorded;
use crate::protocol::field_names::FieldDescriptor;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_names::FieldNamesResponse;
use crate::protocol::field_names::FieldType;
use crate::record::Arrival;
use crate::record::stages::Purpose;
use crate::translate::fields;

impl Mirror {
    /// Which fields can be used in conditions: the virtual ones, then the labels.
    ///
    /// # Errors
    ///
    /// The failure to answer with.
    pub async fn field_names(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        request: &FieldNamesRequest,
    ) -> Result<FieldNamesResponse, Failure> {
        recorded::field_names(&arrival, request);
        let Opened { cx, upstream, .. } = self.open(
            configured,
            caller,
            arrival,
            &request.connection_details,
            request.request_timeout,
        )?;
        let options = &upstream.connection().options;
        let profile = options.profile;

        recorded::lookup_conditions(&cx, &request.query.conditions, None, options);
        let plan = fields::names(&request.query, options)
            .map_err(|error| failures::translate(&error, profile))?;
        recorded::lists(&cx, "field_names");
        cx.asks_all(Purpose::Labels, &plan.spelled);
        let (start, end) = whole_minutes(plan.start, plan.end);
        let key = ListKey {
            identity: upstream.identity().to_owned(),
            label: None,
            selectors: plan.selectors.clone(),
            range: (start, end),
        };
        let fetch = || upstream.label_names(&cx, &plan.selectors, start, end);
        let list = if cx.is_dry() {
            // Nothing is sent: what comes back is no list that others could use.
            fetch().await.map(Arc::new)
        } else {
            let turn = Turn::of(&cx, &upstream);
            let list = self.lists.list(key, &turn, fetch).await;
            recorded::remembered(&cx, &turn);
            list
        };
        let list = list.map_err(|error| failures::upstream(&error, profile))?;
        let (labels, is_cut) = plan.labels(&list.values);
        let virtual_fields = plan.virtual_fields.iter().map(|name| (*name).to_owned());
        let fields: Vec<FieldDescriptor> = virtual_fields
            .chain(labels)
            .map(|field_name| FieldDescriptor {
                classified: options.classified_labels.contains(&field_name),
                field_name,
                field_type: FieldType::String,
            })
            .collect();
        let response = FieldNamesResponse {
            is_partial: is_cut || list.is_cut,
            fields,
        };
        cx.note(|recorded| recorded.listed(response.fields.len(), response.is_partial));
        Ok(response)
    }
}
