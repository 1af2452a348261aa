//! Channels side by side in one vector: what the filters' inner loops ask of a vector type, and nothing else.

// A function that is not inlined into its caller would be compiled for the baseline instead of the level chosen at run time.
#![allow(clippy::inline_always)]

use fearless_simd::{Simd, SimdBase, SimdFrom, f64x2, f64x4, f64x8};
use std::ops::{Add, Mul, Sub};

/// Some channels' values in f64: a vector of the level `S`, or one channel alone.
pub(super) trait Lanes<S: Simd>:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f64, Output = Self>
{
    /// How many channels.
    const COUNT: usize;

    /// The first [`COUNT`](Self::COUNT) values.
    fn load(simd: S, values: &[f64]) -> Self;

    /// Over the first `COUNT` values.
    fn store(self, values: &mut [f64]);

    /// The first `COUNT` samples.
    fn widen(simd: S, samples: &[f32]) -> Self;

    /// Over the first `COUNT` samples, rounded to nearest.
    fn narrow(self, samples: &mut [f32]);

    /// The values as samples hold them. In registers: a vector loaded from where one has just been stored waits for it.
    fn rounded(self, simd: S) -> Self;
}

macro_rules! lanes {
    ($($vector:ident: $count:literal),*) => {$(
        impl<S: Simd> Lanes<S> for $vector<S> {
            const COUNT: usize = $count;

            #[inline(always)]
            fn load(simd: S, values: &[f64]) -> Self {
                Self::from_slice(simd, &values[..$count])
            }

            #[inline(always)]
            fn store(self, values: &mut [f64]) {
                self.store_slice(&mut values[..$count]);
            }

            #[inline(always)]
            fn widen(simd: S, samples: &[f32]) -> Self {
                let samples: &[f32; $count] = samples.first_chunk().expect(ENOUGH);
                Self::simd_from(simd, samples.map(f64::from))
            }

            #[inline(always)]
            fn narrow(self, samples: &mut [f32]) {
                let samples: &mut [f32; $count] = samples.first_chunk_mut().expect(ENOUGH);
                *samples = self.to_array().map(|value| value as f32);
            }

            #[inline(always)]
            fn rounded(self, simd: S) -> Self {
                Self::simd_from(simd, self.to_array().map(|value| f64::from(value as f32)))
            }
        }
    )*};
}

lanes!(f64x8: 8, f64x4: 4, f64x2: 2);

impl<S: Simd> Lanes<S> for f64 {
    const COUNT: usize = 1;

    #[inline(always)]
    fn load(_: S, values: &[f64]) -> Self {
        values[0]
    }

    #[inline(always)]
    fn store(self, values: &mut [f64]) {
        values[0] = self;
    }

    #[inline(always)]
    fn widen(_: S, samples: &[f32]) -> Self {
        f64::from(samples[0])
    }

    #[inline(always)]
    fn narrow(self, samples: &mut [f32]) {
        samples[0] = self as f32;
    }

    #[inline(always)]
    fn rounded(self, _: S) -> Self {
        f64::from(self as f32)
    }
}

const ENOUGH: &str = "a block of channels ends within the frame";
