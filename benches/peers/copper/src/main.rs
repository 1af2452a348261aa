//! The chain as five Copper tasks; one CopperList is one packet of 40 frames, written in place. Task logging is off.

#[path = "../../turns.rs"]
mod turns;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What the tasks cannot be told otherwise: their parameters are compiled in.
static ORDER: AtomicUsize = AtomicUsize::new(4);
static KEEP: AtomicBool = AtomicBool::new(false);
static KEPT: Mutex<Vec<f32>> = Mutex::new(Vec::new());

macro_rules! chain {
    ($module:ident, $n:literal, $config:literal) => {
        mod $module {
            use super::turns::*;
            use super::{KEEP, KEPT, ORDER};
            use bincode::{Decode, Encode};
            use cu29::prelude::*;
            use serde::{Deserialize, Serialize};
            use std::sync::atomic::Ordering;
            use std::time::Instant;

            // [20][2], because serde stops at arrays of 32.
            #[derive(Default, Debug, Clone, Encode, Decode, Serialize, Deserialize, Reflect)]
            pub struct Codes {
                rows: [[[i32; $n]; 20]; 2],
            }
            #[derive(Default, Debug, Clone, Encode, Decode, Serialize, Deserialize, Reflect)]
            pub struct Microvolts {
                rows: [[[f32; $n]; 20]; 2],
            }

            #[derive(Reflect)]
            pub struct Source {
                #[reflect(ignore)]
                codes: Vec<[i32; $n]>,
                at: usize,
            }
            impl Freezable for Source {}
            impl CuSrcTask for Source {
                type Resources<'r> = ();
                type Output<'m> = output_msg!(Codes);
                fn new(_: Option<&ComponentConfig>, _: ()) -> CuResult<Self> {
                    Ok(Self { codes: codes::<$n>(&folder()), at: 0 })
                }
                fn process(&mut self, _: &CuContext, out: &mut Self::Output<'_>) -> CuResult<()> {
                    let out = out.payload_mut().get_or_insert_with(Codes::default);
                    out.rows.as_flattened_mut().copy_from_slice(&self.codes[self.at..self.at + FRAMES]);
                    self.at = (self.at + FRAMES) % ALL_FRAMES;
                    Ok(())
                }
            }

            #[derive(Reflect)]
            pub struct Volts;
            impl Freezable for Volts {}
            impl CuTask for Volts {
                type Resources<'r> = ();
                type Input<'m> = input_msg!(Codes);
                type Output<'m> = output_msg!(Microvolts);
                fn new(_: Option<&ComponentConfig>, _: ()) -> CuResult<Self> {
                    Ok(Self)
                }
                fn process(&mut self, _: &CuContext, input: &Self::Input<'_>, out: &mut Self::Output<'_>) -> CuResult<()> {
                    let Some(input) = input.payload() else { return Ok(()) };
                    let out = out.payload_mut().get_or_insert_with(Microvolts::default);
                    for (x, y) in input.rows.as_flattened().iter().zip(out.rows.as_flattened_mut()) {
                        *y = microvolts(x);
                    }
                    Ok(())
                }
            }

            macro_rules! filter {
                ($name:ident, $range:expr) => {
                    #[derive(Reflect)]
                    pub struct $name {
                        #[reflect(ignore)]
                        sections: Vec<Section<$n>>,
                    }
                    impl Freezable for $name {}
                    impl CuTask for $name {
                        type Resources<'r> = ();
                        type Input<'m> = input_msg!(Microvolts);
                        type Output<'m> = output_msg!(Microvolts);
                        fn new(_: Option<&ComponentConfig>, _: ()) -> CuResult<Self> {
                            let all = sections(&folder(), ORDER.load(Ordering::Relaxed));
                            Ok(Self { sections: all[$range].iter().map(|s| Section::new(*s)).collect() })
                        }
                        fn process(&mut self, _: &CuContext, input: &Self::Input<'_>, out: &mut Self::Output<'_>) -> CuResult<()> {
                            let Some(input) = input.payload() else { return Ok(()) };
                            let out = out.payload_mut().get_or_insert_with(Microvolts::default);
                            let mut steps = |sections: &mut [Section<$n>]| {
                                for (x, y) in input.rows.as_flattened().iter().zip(out.rows.as_flattened_mut()) {
                                    *y = frame(sections, x);
                                }
                            };
                            // A known number of sections is unrolled.
                            match &mut self.sections[..] {
                                s @ [_] => steps(s),
                                s @ [_, _] => steps(s),
                                s @ [_, _, _, _] => steps(s),
                                s => steps(s),
                            }
                            Ok(())
                        }
                    }
                };
            }
            filter!(Notch, ..1);
            filter!(Bandpass, 1..);

            #[derive(Reflect)]
            pub struct Sink;
            impl Freezable for Sink {}
            impl CuSinkTask for Sink {
                type Resources<'r> = ();
                type Input<'m> = input_msg!(Microvolts);
                fn new(_: Option<&ComponentConfig>, _: ()) -> CuResult<Self> {
                    Ok(Self)
                }
                fn process(&mut self, _: &CuContext, input: &Self::Input<'_>) -> CuResult<()> {
                    if let Some(input) = input.payload() {
                        let samples = input.rows.as_flattened().as_flattened();
                        std::hint::black_box(samples);
                        if KEEP.load(Ordering::Relaxed) {
                            KEPT.lock().expect("nobody panics with it").extend_from_slice(samples);
                        }
                    }
                    Ok(())
                }
            }

            #[copper_runtime(config = $config)]
            struct App {}

            pub fn turn(packets: usize) -> f64 {
                let log = std::env::temp_dir().join(format!("peer_copper_{}.copper", std::process::id()));
                let app = App::builder().with_log_path(&log, Some(64 << 20)).expect("a log").build().expect("an app");
                let mut app = app.start().expect("it starts");
                let warm_up = if KEEP.load(Ordering::Relaxed) { 0 } else { WARM_UP };
                for _ in 0..warm_up {
                    app.run_one_iteration().expect("it runs");
                }
                let began = Instant::now();
                for _ in 0..packets {
                    app.run_one_iteration().expect("it runs");
                }
                let ns = began.elapsed().as_nanos() as f64 / (packets * FRAMES * $n) as f64;
                app.stop().expect("it stops");
                ns
            }
        }
    };
}

chain!(eight, 8, "chain_8.ron");
chain!(sixteen, 16, "chain_16.ron");

fn turn(channels: usize, order: usize, packets: usize) -> f64 {
    ORDER.store(order, Ordering::Relaxed);
    if channels == 8 { eight::turn(packets) } else { sixteen::turn(packets) }
}

fn main() {
    turns::answer(turn, |channels, order| {
        KEEP.store(true, Ordering::Relaxed);
        turn(channels, order, turns::ALL_FRAMES / turns::FRAMES);
        KEEP.store(false, Ordering::Relaxed);
        std::mem::take(&mut *KEPT.lock().expect("nobody panics with it"))
    });
}
