//! Which fields can be used in conditions.

use crate::cache::ListKey;
use crate::cache::Turn;
use crate::cache::whole_minutes;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::protocol::field_names::FieldDescriptor;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_names::FieldNamesResponse;
use crate::protocol::field_names::FieldType;
use crate::record::Arrival;
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
        let Opened {
            cx,
            connection,
            upstream,
            ..
        } = self.open(
            configured,
            caller,
            arrival,
            &request.connection_details,
            request.request_timeout,
        )?;
        let options = &connection.options;
        let profile = options.profile;

        let plan = fields::names(&request.query, options)
            .map_err(|error| failures::translate(&error, profile))?;
        let (start, end) = whole_minutes(plan.start, plan.end);
        let key = ListKey {
            identity: upstream.identity().to_owned(),
            label: None,
            selectors: plan.selectors.clone(),
            range: (start, end),
        };
        let list = self
            .lists
            .list(key, &Turn::new(&cx.deadline, upstream.host()), || {
                upstream.label_names(&cx, &plan.selectors, start, end)
            })
            .await
            .map_err(|error| failures::upstream(&error, profile))?;
        let (labels, is_cut) = plan.labels(&list.values);
        let virtual_fields = plan.virtual_fields.iter().map(|name| (*name).to_owned());
        let fields = virtual_fields
            .chain(labels)
            .map(|field_name| FieldDescriptor {
                classified: options.classified_labels.contains(&field_name),
                field_name,
                field_type: FieldType::String,
            })
            .collect();
        Ok(FieldNamesResponse {
            is_partial: is_cut || list.is_cut,
            fields,
        })
    }
}
