//! The chain as somebody would write it who needs nothing but this one: codes to microvolts through all sections in one
//! loop, f64 inside, f32 out. What a graph of stages costs is told by the distance from it.

use multiversion::multiversion;
use stages_builtin::dsp::Sos;

/// The chain for `N` channels and `S` sections, its state included.
pub struct ByHand<const S: usize, const N: usize> {
    pub unit_per_code: f64,
    pub sections: [Sos; S],
    pub state: [[[f64; N]; 2]; S],
}

macro_rules! by_hand {
    ($(#[$doc:meta])* $name:ident, [$($target:literal),*], $multiply_add:expr) => {
        $(#[$doc])*
        #[multiversion(targets($($target),*))]
        pub fn $name<const S: usize, const N: usize>(
            chain: &mut ByHand<S, N>,
            codes: &[i32],
            microvolts: &mut [f32],
        ) {
            let multiply_add = $multiply_add;
            let ByHand { unit_per_code, sections, state } = chain;
            let mut now = *state;
            let frames = codes.as_chunks::<N>().0.iter().zip(microvolts.as_chunks_mut::<N>().0);
            for (codes, out) in frames {
                let mut x = codes.map(|code| f64::from(code) * *unit_per_code);
                for k in 0..S {
                    let Sos { b0, b1, b2, a1, a2 } = sections[k];
                    for lane in 0..N {
                        let y = multiply_add(b0, x[lane], now[k][0][lane]);
                        let s1 = multiply_add(-a1, y, now[k][1][lane]);
                        now[k][0][lane] = multiply_add(b1, x[lane], s1);
                        now[k][1][lane] = multiply_add(b2, x[lane], -a2 * y);
                        x[lane] = y;
                    }
                }
                *out = x.map(|x| x as f32);
            }
            *state = now;
        }
    };
}

by_hand!(
    /// The limit: the widest vectors there are, and fused multiply-adds, which round differently from scipy.
    limit, ["x86_64+avx512f+avx512dq+avx512vl+fma", "x86_64+avx2+fma"],
    |a: f64, b: f64, c: f64| a.mul_add(b, c)
);
by_hand!(
    /// The same with AVX2. Its state does not fit the registers.
    limit_avx2, ["x86_64+avx2+fma"], |a: f64, b: f64, c: f64| a.mul_add(b, c)
);
by_hand!(
    /// With AVX2, products and sums rounded one by one, as our filters and scipy do.
    rounded_avx2, ["x86_64+avx2"], |a: f64, b: f64, c: f64| a * b + c
);
