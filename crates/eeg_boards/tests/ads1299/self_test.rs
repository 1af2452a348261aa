//! Channels that do not measure what they should are found before the first sample, and named.

use crate::support::{counter, losses, options, read, signals, wiring};
use eeg_boards::Signal;
use eeg_boards::ads1299::Ads1299;
use eeg_boards::ads1299::settings::{
    Current, Drive, Gain, LeadOff, Rate, Reference, Settings, Side,
};
use eeg_boards::board::Board;
use eeg_boards::simulator::{Bench, BenchSettings, Defect};

/// Two chips with defects, and what their self-test says: that they are refused, or of which channels it tells.
fn verdict(rate: Rate, gain: Gain, defects: Vec<Defect>) -> Result<Option<String>, String> {
    let bench = BenchSettings { defects, ..BenchSettings::new(wiring(2)) };
    let mut settings = Settings::new(rate, gain, 16);
    // None of these may be in the way of it, nor be forgotten after it.
    settings.reference = Reference::Srb2;
    settings.lead_off =
        Some(LeadOff { current: Current::Na6, drive: Drive::Hz31, side: Side::Positive });
    let options = options(&bench.wiring);
    let inputs = signals(vec![Signal::Offset { uv: 1000.0 }]);
    let mut board = Ads1299::new(Bench::new(bench, inputs), settings, options);
    board.open().map_err(|error| error.to_string())?;
    let heard = read(&mut board, 10, 50);
    assert_eq!(board.wires().violations(), [""; 0]);
    assert_eq!(losses(&board), []);
    let mut texts = heard.events.into_iter().map(|event| event.text);
    let told = texts.next();
    assert_eq!(texts.next(), None);
    Ok(told)
}

#[test]
fn a_good_board_passes_at_every_rate_and_gain() {
    for rate in Rate::ALL {
        for gain in Gain::ALL {
            assert_eq!(verdict(rate, gain, vec![]), Ok(None), "{rate:?} {gain:?}");
        }
    }
}

#[test]
fn a_channel_that_is_dead_or_off_by_a_tenth_is_named_with_what_it_shows() {
    for (factor, shown) in [(0.0, "shows 0 uV"), (0.904, "shows 169"), (1.104, "shows 207")] {
        let text = verdict(Rate::Sps500, Gain::X12, vec![Defect::Gain { channel: 11, factor }]);
        let text = text.unwrap().unwrap();
        assert!(text.contains("channel 11 ") && text.contains(shown), "{text}");
        assert!(text.contains("test signal of 1875 uV"), "{text}");
        assert_eq!(text.matches("channel ").count(), 1, "{text}");
    }
}

#[test]
fn a_channel_that_is_noisy_is_named_with_its_figure_and_the_data_sheets() {
    let text = verdict(Rate::Sps1000, Gain::X24, vec![Defect::Noise { channel: 3, rms_uv: 2.0 }]);
    let text = text.unwrap().unwrap();
    assert!(text.contains("channel 3 has ") && text.contains("data sheet says 0.28"), "{text}");
    let has = text.split("channel 3 has ").nth(1).unwrap();
    let rms_uv: f64 = has[..4].parse().unwrap();
    assert!((1.4..2.6).contains(&rms_uv), "{text}");
}

#[test]
fn a_chip_that_measures_nothing_is_refused() {
    // The second chip: digital side well, no analogue supply.
    let dead = |channel| Defect::Gain { channel, factor: 0.0 };
    let text = verdict(Rate::Sps250, Gain::X24, (9..=16).map(dead).collect()).unwrap_err();
    assert!(text.contains("no channel of simulated chip 2") && text.contains("AVDD"), "{text}");
}

#[test]
fn the_first_sample_after_it_is_of_the_electrodes_and_has_number_0() {
    let bench = BenchSettings::new(wiring(1));
    let options = options(&bench.wiring);
    let settings = Settings::new(Rate::Sps500, Gain::X24, 8);
    let mut board = Ads1299::new(Bench::new(bench, counter()), settings, options);
    board.open().unwrap();
    let heard = read(&mut board, 10, 20);
    assert_eq!(heard.blocks[0].0.first_sample, 0);
    assert_eq!(heard.blocks[0].1[..16], [[0; 8], [1; 8]].concat());
}
