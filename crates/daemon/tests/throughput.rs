//! Sixteen channels at 20,000 samples/s, live, to two sinks: nothing is lost, and the ledger balances.
//!
//! No time is asserted; what a packet costs is printed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Scratch, Table};
use daemon::broker::{BrokerSettings, WebSocketBroker};
use daemon::document::{Format, load};
use daemon::host::Host;
use pipeline_core::executor::StageInfo;
use plugin_api::{Registry, StageInitCtx};
use std::io::Write;
use std::time::Duration;

const RATE_HZ: u64 = 20_000;
const SECONDS: u64 = 10;
const PIPELINE: &str = "\
sensors:
  0: { driver: simulated, channels: 16 }
stages:
  - acquire: { board: 0, sps: 20000, gain: 24, packet_frames: 10 }
  - to_voltage
  - notch: { hz: 60 }
  - bandpass: { low_hz: 1, high_hz: 40 }
  - csv_sink: { path: eeg.csv }
  - websocket_sink: { topic: eeg }
";

#[test]
fn twenty_thousand_frames_a_second_arrive_at_both_sinks() {
    let scratch = Scratch::new(PIPELINE);
    let registry = Registry::default().with(stages_builtin::STAGES).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (broker, encoder) = WebSocketBroker::new(BrokerSettings::default());
    runtime.spawn(encoder.run());
    let ctx = StageInitCtx {
        broker: Some(broker.clone()),
        ..StageInitCtx::in_folder(scratch.folder.path())
    };
    let loaded = load(PIPELINE.as_bytes(), "p.yaml", Format::Yaml, &registry).unwrap();
    let host = Host::new(Some(broker.clone()));
    let running = host.start(loaded.build(&registry, &ctx).unwrap()).unwrap();
    std::thread::sleep(Duration::from_secs(SECONDS));
    host.drain();
    runtime.block_on(host.ended());
    let outcome = host.outcome().unwrap();
    assert!(outcome.failures.is_empty(), "{outcome:?}");

    let stages = running.stages();
    let find = |id: &str| stages.iter().find(|stage| &*stage.id == id).unwrap();
    let acquired = find("acquire").stats.frames_out.get();
    assert!(
        acquired >= (SECONDS - 1) * RATE_HZ,
        "the source itself did not keep up: {acquired} frames"
    );
    for sink in ["csv_sink", "websocket_sink"] {
        let stats = &find(sink).stats;
        let (delivered, lost) = (stats.frames_in.get(), stats.lost_frames.get());
        assert_eq!(delivered + lost, acquired, "{sink}: every frame is delivered or reported lost");
        assert_eq!(
            (lost, stats.overflow_frames.get(), stats.dropped_frames.get()),
            (0, 0, 0),
            "{sink}"
        );
    }
    let table = Table::parse(&std::fs::read_to_string(scratch.path("eeg.csv")).unwrap());
    table.assert_complete();
    assert_eq!(table.rows(), acquired);
    let topic = broker.topics().into_iter().find(|topic| &*topic.topic == "eeg").unwrap();
    assert_eq!(topic.lost_packets, 0, "the broker took every packet");
    drop(host);
    tell(&running.stages(), acquired);
}

/// The median cost of each stage for a packet of 10 frames, and their sum: the whole chain.
fn tell(stages: &[StageInfo], acquired: u64) {
    let medians: Vec<(&str, u64)> = stages
        .iter()
        .filter_map(|stage| Some((&*stage.id, stage.stats.process_ns.snapshot().quantile(0.5)?)))
        .collect();
    let chain = |wanted: &[&str]| {
        medians.iter().filter(|(id, _)| wanted.contains(id)).map(|(_, ns)| ns).sum::<u64>()
    };
    let each: Vec<String> = medians.iter().map(|(id, ns)| format!("{id} {ns}")).collect();
    let dsp = chain(&["to_voltage", "notch", "bandpass"]);
    let all = medians.iter().map(|(_, ns)| ns).sum::<u64>();
    assert!(dsp > 0, "nothing was measured");
    let line = format!(
        "{acquired} frames of 16 channels at {RATE_HZ} samples/s, none lost. Median per packet of 10 frames: \
         filters {:.1} us, with both sinks {:.1} us ({} ns)\n",
        dsp as f64 / 1e3,
        all as f64 / 1e3,
        each.join(", ")
    );
    // Not by println!, which the harness would keep for itself.
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
