//! What stands around the data of every answer: `status`, `errorType`, `error`, `warnings`,
//! `infos`.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::upstream::decode::ErrorBody;
use crate::upstream::decode::skip::Skip;

/// Reads the `data` member of an answer.
pub(super) trait Data {
    /// Reads it; `data` is not null.
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error>;
}

/// Everything of an answer but its data.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// The error, if `status` says that there is one.
    pub(super) error: Option<ErrorBody>,
    /// Whether `data` is there and not null. Some backends send null for an empty list.
    pub(super) has_data: bool,
    /// `warnings`.
    pub(super) warnings: Vec<String>,
    /// `infos`.
    pub(super) infos: Vec<String>,
}

/// Reads a whole answer. A success without the member `data` is an error.
pub(super) fn read<D: Data>(body: &[u8], data: &mut D) -> Result<Envelope, serde_json::Error> {
    let text = std::str::from_utf8(body).map_err(|_| serde_json::Error::custom("bad UTF-8"))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let envelope = json.deserialize_map(Members(data))?;
    json.end()?;
    Ok(envelope)
}

/// Data that nobody wants.
pub(super) struct Nothing;

impl Data for Nothing {
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error> {
        Skip { depth: 1 }.deserialize(data)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    Status,
    Data,
    ErrorType,
    Error,
    Warnings,
    Infos,
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Success,
    Error,
}

struct Members<'a, D>(&'a mut D);

impl<'de, D: Data> Visitor<'de> for Members<'_, D> {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of the Prometheus API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Envelope, A::Error> {
        let mut status: Option<Status> = None;
        let mut has_data: Option<bool> = None;
        let mut kind: Option<Option<String>> = None;
        let mut text: Option<Option<String>> = None;
        let mut warnings: Option<Option<Vec<String>>> = None;
        let mut infos: Option<Option<Vec<String>>> = None;
        while let Some(member) = members.next_key()? {
            match member {
                Member::Status => once(&mut status, "status", members.next_value()?)?,
                Member::Data => {
                    let is_there = members.next_value_seed(DataSeed(self.0))?;
                    once(&mut has_data, "data", is_there)?;
                }
                Member::ErrorType => once(&mut kind, "errorType", members.next_value()?)?,
                Member::Error => once(&mut text, "error", members.next_value()?)?,
                Member::Warnings => once(&mut warnings, "warnings", members.next_value()?)?,
                Member::Infos => once(&mut infos, "infos", members.next_value()?)?,
                Member::Other => members.next_value_seed(Skip { depth: 1 })?,
            }
        }
        let error = match status.ok_or_else(|| A::Error::missing_field("status"))? {
            Status::Error => Some(ErrorBody {
                kind: kind.flatten().unwrap_or_default(),
                text: text.flatten().unwrap_or_default(),
            }),
            Status::Success if has_data.is_some() => None,
            Status::Success => return Err(A::Error::missing_field("data")),
        };
        Ok(Envelope {
            error,
            has_data: has_data == Some(true),
            warnings: warnings.flatten().unwrap_or_default(),
            infos: infos.flatten().unwrap_or_default(),
        })
    }
}

/// Fills `place`, unless the member `name` was there before.
pub(super) fn once<T, E: Error>(
    place: &mut Option<T>,
    name: &'static str,
    value: T,
) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

/// Hands `data` on, unless it is null; whether it was not.
struct DataSeed<'a, D>(&'a mut D);

impl<'de, D: Data> DeserializeSeed<'de> for DataSeed<'_, D> {
    type Value = bool;

    fn deserialize<J: Deserializer<'de>>(self, value: J) -> Result<bool, J::Error> {
        value.deserialize_option(self)
    }
}

impl<'de, D: Data> Visitor<'de> for DataSeed<'_, D> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data or null")
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_some<J: Deserializer<'de>>(self, value: J) -> Result<bool, J::Error> {
        self.0.read(value).map(|()| true)
    }
}
