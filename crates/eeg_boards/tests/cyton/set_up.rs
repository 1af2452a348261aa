//! What the board is told, and what is said when it does not do it.

use crate::support::{codes, settings};
use eeg_boards::Board;
use eeg_boards::ads1299::settings::{Channel, Current, Drive, Gain, Input, LeadOff, Side};
use eeg_boards::cyton::simulator::CytonFault::{LoseCharacters, SwitchOff, Unplug};
use eeg_boards::cyton::simulator::{CytonFault, CytonSimulation, SimulatedCyton, SimulatedLink};
use eeg_boards::cyton::{Cyton, CytonSettings};

#[test]
fn commands_are_the_settings_and_answers_are_checked() {
    let simulation = CytonSimulation { daisy: true, ..CytonSimulation::default() };
    let link = SimulatedLink::new(SimulatedCyton::new(simulation, codes()));
    let mut settings = settings(16);
    settings.channels[1] = Channel { gain: Gain::X1, input: Input::Shorted };
    settings.channels[12] = Channel { gain: Gain::X12, input: Input::TestSignal };
    settings.lead_off =
        Some(LeadOff { current: Current::Na6, drive: Drive::Hz31, side: Side::default() });
    let mut board = Cyton::new(Box::new(link.clone()), settings).unwrap();
    board.open().unwrap();
    let channel = |n| link.with(|board| board.channel(n));
    assert_eq!(channel(0), (*b"060110", *b"01"));
    assert_eq!(channel(1), (*b"001110", *b"01"));
    assert_eq!(channel(12), (*b"055110", *b"01"));
    assert_eq!(channel(15), (*b"060110", *b"01"));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let open = |simulation: CytonSimulation, channels: usize| {
        let link = SimulatedLink::new(SimulatedCyton::new(simulation, codes()));
        let mut board = Cyton::new(Box::new(link), settings(channels)).unwrap();
        board.open().unwrap_err().to_string()
    };
    let with = |fault: CytonFault| CytonSimulation {
        faults: vec![(0.0, fault)],
        ..CytonSimulation::default()
    };
    let no_daisy = open(CytonSimulation::default(), 16);
    assert!(
        no_daisy.contains("no Daisy answers") && no_daisy.contains("channels: 8"),
        "{no_daisy}"
    );
    let off = open(with(SwitchOff(1e6)), 8);
    assert!(off.contains("the dongle on the simulated port answers, the board does not"), "{off}");
    let unplugged = open(with(Unplug(1e6)), 8);
    assert!(unplugged.contains("plug the dongle in"), "{unplugged}");
}

#[test]
fn what_no_cyton_can_do_is_refused_before_it_is_opened() {
    let refused = |settings| {
        let link = SimulatedLink::new(SimulatedCyton::new(CytonSimulation::default(), codes()));
        Cyton::new(Box::new(link), settings).err().unwrap().to_string()
    };
    assert!(refused(settings(7)).contains("not 7"));
    for (current, drive) in
        [(Current::Na24, Drive::Hz31), (Current::Ua6, Drive::Hz31), (Current::Na6, Drive::Dc)]
    {
        let lead_off = Some(LeadOff { current, drive, side: Side::Positive });
        let text = refused(CytonSettings { lead_off, ..settings(8) });
        assert!(text.contains("`current: 6nA` at `drive: 31.2hz`"), "{text}");
    }
}

#[test]
fn a_command_that_the_radio_link_damaged_is_said_again() {
    let open = |lost| {
        let faults = vec![(0.0, LoseCharacters(lost))];
        let simulation = CytonSimulation { faults, ..CytonSimulation::default() };
        let link = SimulatedLink::new(SimulatedCyton::new(simulation, codes()));
        let mut settings = settings(8);
        settings.channels[0].gain = Gain::X2;
        let opened = Cyton::new(Box::new(link.clone()), settings).unwrap().open();
        (opened.map_err(|error| error.to_string()), link.with(|board| board.channel(0).0))
    };
    assert_eq!(open(2), (Ok(()), *b"010110"));
    let refused = open(3).0.unwrap_err();
    assert_eq!(
        refused,
        "the board did not do `x1010110X`: it answered `Failure: too few chars` instead of `Success: Channel set for 1`"
    );
}
