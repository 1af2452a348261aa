//! Bytes, packets, dongles and boards that go missing.

use crate::support::Rig;
use eeg_boards::Board;
use eeg_boards::board::Loss;
use eeg_boards::cyton::simulator::CytonFault::{
    DamageByte, JumpCounter, LoseBytes, LosePackets, OutOfReach, Repeat, StrayBytes, SwitchOff,
    Unplug,
};
use eeg_boards::cyton::simulator::CytonSimulation;

#[test]
fn each_fault_costs_what_it_must_and_nothing_else() {
    let faults = [
        (10.0, LosePackets(1)),
        (12.0, LosePackets(3)),
        (14.0, LosePackets(700)),
        (20.0, LoseBytes(5)),
        (22.0, LoseBytes(33)),
        (24.0, LoseBytes(400)),
        (26.0, StrayBytes(7)),
        (28.0, DamageByte(0x40)),
        (30.0, DamageByte(0x81)),
        (32.0, DamageByte(0x02)),
        (34.0, Repeat),
        (36.0, OutOfReach(1.5)),
        (45.0, LosePackets(10)),
    ];
    for daisy in [false, true] {
        for seed in 0..20 {
            let mut rig = Rig::new(CytonSimulation {
                daisy,
                seed,
                crystal_ppm: 40.0,
                oscillator_ppm: 8000.0,
                faults: faults.to_vec(),
                ..CytonSimulation::default()
            });
            rig.board.open().unwrap();
            rig.run(60.0);
            rig.assert_numbered(0);
            let per_frame = if daisy { 2 } else { 1 };
            // 714 on the radio link and 375 out of reach; a packet or two around each loss; damaged ones and their neighbours.
            let least = (714 + 375) / per_frame;
            assert!((least..least + 60).contains(&rig.lost), "{} lost", rig.lost);
            assert!(rig.lost(Loss::Corrupt) > 0 && rig.lost(Loss::Missed) >= 385 / per_frame);
            // 700 packets are 2.8 s without a word, which is told.
            assert!((700 / per_frame..720 / per_frame).contains(&rig.lost(Loss::Outage)));
            assert_eq!(
                (rig.events.len(), rig.board.counters().recoveries()),
                (2, 0),
                "{:?}",
                rig.events
            );
        }
    }
}

#[test]
fn old_firmware_without_time_stamps_is_numbered_by_the_hosts_clock() {
    let faults = vec![(10.0, LosePackets(300)), (20.0, LosePackets(1)), (30.0, OutOfReach(1.9))];
    let mut rig = Rig::new(CytonSimulation {
        old_firmware: true,
        oscillator_ppm: 5000.0,
        faults,
        ..CytonSimulation::default()
    });
    rig.board.open().unwrap();
    rig.run(40.0);
    rig.assert_numbered(0);
    assert!((301 + 475..301 + 490).contains(&rig.lost), "{}", rig.lost);
}

#[test]
fn a_host_that_is_busy_takes_nothing_for_lost_that_waits_in_a_buffer() {
    for old_firmware in [false, true] {
        let mut rig = Rig::new(CytonSimulation { old_firmware, ..CytonSimulation::default() });
        rig.board.open().unwrap();
        rig.run(10.0);
        // 400 ms are 100 packets, 3300 bytes: the system keeps 4096.
        for at_s in [11.0, 12.0, 13.0] {
            rig.link.be_away(400);
            rig.run(at_s);
        }
        rig.assert_numbered(0);
        assert_eq!(rig.lost, 0);
        // In 3 s, some 630 packets are lost.
        rig.link.be_away(3000);
        rig.run(20.0);
        if !old_firmware {
            rig.assert_numbered(0);
            assert!((600..660).contains(&rig.lost), "{}", rig.lost);
        }
    }
}

#[test]
fn a_dongle_pulled_out_is_told_and_comes_back() {
    // BrainFlow takes the error for nothing to read: an unplugged board looks quiet.
    for daisy in [false, true] {
        let faults = vec![(10.0, Unplug(7.0))];
        let mut rig = Rig::new(CytonSimulation {
            daisy,
            crystal_ppm: -30.0,
            faults,
            ..CytonSimulation::default()
        });
        rig.board.open().unwrap();
        rig.run(40.0);
        let told = &rig.events;
        assert!(
            told[0].contains("the simulated port is gone") && told[0].contains("plugged in?"),
            "{told:?}"
        );
        assert!(told[1].contains("cannot open the simulated port"), "{told:?}");
        assert!(told[2].contains("streams again after"), "{told:?}");
        assert_eq!((told.len(), rig.board.counters().recoveries()), (3, 1), "{told:?}");
        // The chips were started anew, between two conversions: the numbers can be right to one only.
        rig.assert_numbered(if daisy { 3 } else { 2 });
        assert!(rig.lost(Loss::Outage) > 7 * 125);
    }
}

#[test]
fn a_board_switched_off_is_told_and_comes_back() {
    let faults = vec![(10.0, OutOfReach(6.0)), (20.0, SwitchOff(20.0))];
    let mut rig = Rig::new(CytonSimulation { faults, ..CytonSimulation::default() });
    rig.board.open().unwrap();
    rig.run(60.0);
    let told = [
        "no data from the board",
        "the board streams again after 6",
        "no data from the board",
        "the board sends nothing: it is set up anew",
        "the dongle on the simulated port answers, the board does not",
        "the board streams again after 2",
    ];
    assert_eq!(rig.events.len(), told.len(), "{:?}", rig.events);
    assert!(
        rig.events.iter().zip(told).all(|(event, told)| event.contains(told)),
        "{:?}",
        rig.events
    );
    assert_eq!(rig.board.counters().recoveries(), 1);
    // Its own clock started over, so the second gap is measured by the host's.
    rig.assert_numbered(8);
    let before = rig.got.iter().take_while(|(_, k)| *k < 4000).count();
    assert_eq!(
        rig.got[0].1 + rig.got[before].0 - rig.got[0].0,
        rig.got[before].1,
        "the first one is exact"
    );
}

#[test]
fn a_counter_that_jumps_is_a_loss_and_the_numbers_do_not_slip_twice() {
    let faults = vec![(10.0, JumpCounter(5)), (12.0, JumpCounter(251))];
    let mut rig = Rig::new(CytonSimulation { faults, ..CytonSimulation::default() });
    rig.board.open().unwrap();
    rig.run(20.0);
    // Five packets said to be missing that never were, then 251 of 256.
    let (n, k) = rig.got[rig.got.len() - 1];
    let (n0, k0) = rig.got[0];
    assert_eq!((n - n0) as i64 - (k - k0) as i64, 256, "the counter is what the board says");
}

#[test]
fn what_is_lost_right_before_the_end_is_counted() {
    for daisy in [false, true] {
        let per_frame = if daisy { 2 } else { 1 };
        // Out of reach, and stopped before that is told: after 0.6 s and 1.6 s, and after 4 s when it has been.
        for (until_s, cause) in [(10.6, Loss::Missed), (11.6, Loss::Missed), (14.0, Loss::Outage)] {
            let faults = vec![(10.0, OutOfReach(1e6))];
            let mut rig = Rig::new(CytonSimulation { daisy, faults, ..CytonSimulation::default() });
            rig.board.open().unwrap();
            rig.run(until_s);
            let before = rig.board.counters().conversions();
            rig.board.close();
            let counters = rig.board.counters();
            let lost = counters.lost(cause);
            assert_eq!(counters.conversions(), before + lost, "nothing else was lost");
            // From the last block (of 25 frames at most) to the stop (50 ms late at most), but for what is on its way.
            let away = ((until_s - 10.0) * 250.0) as u64 / per_frame;
            assert!((away - 10..=away + 45).contains(&lost), "{lost} of {away} {daisy} {until_s}");
        }
        // A gap, and the frame behind it not handed out yet.
        let faults = vec![(10.0, LosePackets(6))];
        let mut rig = Rig::new(CytonSimulation { daisy, faults, ..CytonSimulation::default() });
        rig.board.open().unwrap();
        rig.run(9.0);
        let frames = loop {
            let before = rig.got.len();
            let until_s = rig.now_s() + 1e-6;
            rig.run(until_s);
            if (1..25).contains(&(rig.got.len() - before)) {
                break rig.got.len() as u64;
            }
        };
        assert_eq!(rig.lost, 0, "the gap has not been told");
        rig.board.close();
        let counters = rig.board.counters();
        // Six packets of the Daisy are part of three frames or of four.
        let lost = 6 / per_frame..=6 / per_frame + per_frame - 1;
        assert_eq!(counters.delivered(), frames);
        assert!(lost.contains(&(counters.conversions() - frames)), "{counters:?}");
        // Nothing lost: what is on its way is not.
        let mut rig = Rig::new(CytonSimulation { daisy, ..CytonSimulation::default() });
        rig.board.open().unwrap();
        rig.run(5.0);
        rig.board.close();
        assert_eq!(rig.board.counters().conversions(), rig.got.len() as u64);
    }
}
