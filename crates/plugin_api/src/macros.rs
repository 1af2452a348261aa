//! The plumbing of the common case, and of a crate's table.

/// Writes the trait implementations of a transform: parameters in, one packet in, one packet out, no I/O.
///
/// The parameter struct and the stage struct stand beside it, with their derives visible.
///
/// ```
/// use plugin_api::*;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// Multiplies the signal.
/// #[derive(Debug, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// pub struct GainDesc {
///     /// The factor.
///     pub factor: f32,
/// }
///
/// #[derive(Debug)]
/// struct Gain(f32);
///
/// simple_stage! {
///     GainDesc as "gain" => Gain, example: GainDesc { factor: 2.0 };
///     build(desc, inputs) {
///         let input = inputs.microvolts()?;
///         ConfigError::require(desc.factor.is_finite(), "factor", "a finite number", desc.factor)?;
///         Ok(Built::same(Gain(desc.factor), input))
///     }
///     process(stage, packet, ctx) {
///         packet.map_samples(ctx, |uv| uv.iter_mut().for_each(|x| *x *= stage.0))
///     }
/// }
/// assert_eq!(StageEntry::of::<GainDesc>().kind, "gain");
/// ```
#[macro_export]
macro_rules! simple_stage {
    (
        $desc:ty as $kind:literal => $stage:ty, example: $example:expr $(, $constant:ident: $value:expr)*;
        build($self:ident, $inputs:ident) $build:block
        process($this:ident, $packet:ident, $ctx:ident) $process:block
        $(reset($reset_this:ident) $reset:block)?
        $(inherit($new:ident, $old:ident) $inherit:block)?
    ) => {
        impl $crate::StageDesc for $desc {
            const KIND: &'static str = $kind;
            const ROLE: $crate::Role = $crate::Role::Transform;
            $(const $constant: bool = $value;)*

            fn example() -> Self {
                $example
            }

            fn build(
                &self,
                $inputs: &$crate::Inputs<'_>,
                _ctx: &$crate::StageInitCtx,
            ) -> Result<$crate::Built, Vec<$crate::ConfigError>> {
                let $self = self;
                $build
            }
        }

        impl $crate::Lockable for $stage {}

        impl $crate::StageImpl for $stage {
            fn process(
                &mut self,
                $packet: $crate::macro_support::Arc<$crate::RtPacket>,
                $ctx: &mut $crate::StageCtx,
            ) -> $crate::StageResult {
                let $this = self;
                $process
            }
            $(
                fn reset(&mut self) {
                    let $reset_this = self;
                    $reset
                }
            )?
            $(
                fn inherit(&mut self, previous: &mut dyn std::any::Any) {
                    if let Some($old) = previous.downcast_mut::<$stage>() {
                        let $new = self;
                        $inherit
                    }
                }
            )?
        }
    };
}

/// Makes a crate's table `STAGES` and, in its tests, puts every row through the conformance suite.
///
/// `measure` is a function that runs a closure and returns how often it allocated.
#[macro_export]
macro_rules! stages {
    (measure: $measure:path; $($($module:ident)::+ => $desc:ident),* $(,)?) => {
        /// One row per stage; the order is the order in the documentation.
        pub const STAGES: &[$crate::StageEntry] = &[$($crate::StageEntry::of::<$($module)::+::$desc>()),*];

        #[cfg(test)]
        #[allow(non_snake_case)]
        mod conformance {
            $(
                #[test]
                fn $desc() {
                    $crate::testing::conformance::<super::$($module)::+::$desc>(&|work| $measure(work));
                }
            )*
        }
    };
}
