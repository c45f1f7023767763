//! The answer of `status/buildinfo`.

use serde::Deserialize;
use serde::de::Deserializer;

use crate::upstream::decode::envelope::Data;

/// What a backend says that it is.
#[derive(Default)]
pub(super) struct Build(pub(super) Option<String>);

#[derive(Deserialize)]
struct Members {
    version: Option<String>,
}

impl Data for Build {
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error> {
        self.0 = Members::deserialize(data)?.version;
        Ok(())
    }
}
