//! The description that goes out with the packets, derived from the one that came in and kept until that one changes.

use crate::transforms::continuity::is_rescaled;
use plugin_api::{SensorMeta, StageError};
use std::sync::Arc;

/// An incoming description and the one derived from it.
///
/// Sensors are never changed in place, so the same `Arc` is the same description; another one (a new gain) is derived anew,
/// which allocates, once.
#[derive(Debug)]
pub(in crate::transforms) struct DerivedSensor {
    input: Arc<SensorMeta>,
    output: Arc<SensorMeta>,
}

impl DerivedSensor {
    /// What `derive` makes of `input`.
    pub(in crate::transforms) fn new(
        input: &Arc<SensorMeta>,
        derive: impl FnOnce(&SensorMeta) -> SensorMeta,
    ) -> Self {
        Self { input: Arc::clone(input), output: Arc::new(derive(input)) }
    }

    /// The description that goes out with samples of `input`.
    ///
    /// # Errors
    /// When `input` has another number of channels than the stage was built for.
    pub(in crate::transforms) fn of(
        &mut self,
        input: &Arc<SensorMeta>,
        derive: impl FnOnce(&SensorMeta) -> SensorMeta,
    ) -> Result<Arc<SensorMeta>, StageError> {
        if !Arc::ptr_eq(input, &self.input) {
            if input.channels.len() != self.input.channels.len() {
                return Err(StageError::Data(
                    "the number of channels changed: start the pipeline anew",
                ));
            }
            *self = Self::new(input, derive);
        }
        Ok(Arc::clone(&self.output))
    }

    /// Whether a channel of `input` is on another scale than that of the samples before.
    pub(in crate::transforms) fn is_rescaled_by(&self, input: &Arc<SensorMeta>) -> bool {
        let pairs = || self.input.channels.iter().zip(&input.channels);
        !Arc::ptr_eq(input, &self.input) && pairs().any(|(old, new)| is_rescaled(old, new))
    }

    /// The description that goes out as long as none but the first has come in.
    pub(in crate::transforms) fn output(&self) -> &Arc<SensorMeta> {
        &self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::ChannelMeta;

    fn meta(meta_rev: u32, channels: usize) -> Arc<SensorMeta> {
        let channels = vec![ChannelMeta::microvolts("a"); channels];
        Arc::new(SensorMeta { meta_rev, channels, ..SensorMeta::default() })
    }

    #[test]
    fn a_new_description_is_derived_anew_and_another_number_of_channels_refused() {
        let derive = |input: &SensorMeta| SensorMeta {
            channels: vec![ChannelMeta::microvolts("b")],
            ..input.clone()
        };
        let first = meta(1, 2);
        let mut derived = DerivedSensor::new(&first, derive);
        let out = derived.of(&first, derive).unwrap();
        assert!(Arc::ptr_eq(&out, derived.output()));
        assert!(Arc::ptr_eq(&out, &derived.of(&first, derive).unwrap()), "derived once");
        let out = derived.of(&meta(2, 2), derive).unwrap();
        assert_eq!((out.meta_rev, out.channels[0].label.as_str()), (2, "b"));
        assert!(matches!(derived.of(&meta(3, 1), derive), Err(StageError::Data(_))));
    }
}
