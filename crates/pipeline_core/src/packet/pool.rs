//! Where packets come from and go back to: in the steady state no packet touches the allocator.
//!
//! A pool belongs to the one stage that makes packets from it. Whoever lets go of a packet puts its handle on
//! the pool's shelf ([`RtPacket::recycle`]); the pool's owner takes handles off and keeps the one that turns out
//! to be the last. Only the owner drops handles, so no two threads race for the last one, and the shell (the
//! `Arc` allocation itself) survives with its buffers. A handle that is simply dropped is right too: then
//! [`RtPacket`]'s own `Drop` brings the buffers home and only the shell is made anew.
//!
//! What has come home is used before what has never been out, so that a thread which finishes each packet before the
//! next one works on the same few buffers, still in its cache.

use super::{PacketHeader, PacketKind, RtPacket};
use crossbeam_queue::ArrayQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many packets a shelf holds; far more than the bounded edges can keep in flight.
const SHELF_PACKETS: usize = 16_384;
/// Buffers whose shell was dropped: a rare case, so a small shelf.
const SHELF_BUFFERS: usize = 256;
/// Spare packets made together with the first.
const FIRST_SPARE: u64 = 16;
/// The most that spare packets may take each time.
const SPARE_BYTES: usize = 1 << 20;

pub(super) struct Shelf {
    packets: ArrayQueue<Arc<RtPacket>>,
    buffers: ArrayQueue<(Vec<i32>, Vec<f32>)>,
    shells_made: AtomicU64,
}

impl Shelf {
    pub(super) fn put(&self, packet: Arc<RtPacket>) {
        // A full shelf means more packets in flight than any edge holds; then the allocator may have it.
        drop(self.packets.push(packet));
    }

    pub(super) fn put_buffers(&self, codes: Vec<i32>, microvolts: Vec<f32>) {
        drop(self.buffers.push((codes, microvolts)));
    }
}

/// A stage's supply of packets. Empty at first; it grows to what is in flight and stays there.
pub struct PacketPool {
    shelf: Arc<Shelf>,
    /// Packets that have not been out yet.
    spare: Vec<Arc<RtPacket>>,
    capacity_samples: usize,
}

impl PacketPool {
    /// A pool whose packets have room for `capacity_samples` samples (frames times channels) from the start.
    pub fn new(capacity_samples: usize) -> Self {
        let shelf = Shelf {
            packets: ArrayQueue::new(SHELF_PACKETS),
            buffers: ArrayQueue::new(SHELF_BUFFERS),
            shells_made: AtomicU64::new(0),
        };
        Self { shelf: Arc::new(shelf), spare: Vec::new(), capacity_samples }
    }

    /// A packet nobody else holds, with `header` and without samples.
    pub fn fresh(&mut self, header: PacketHeader, kind: PacketKind) -> FreshPacket {
        while let Some(mut handle) = self.shelf.packets.pop() {
            if let Some(packet) = Arc::get_mut(&mut handle) {
                packet.begin(header, kind);
                return FreshPacket(handle);
            }
            // Somebody else still holds this packet: theirs will come home. See the module's first lines.
        }
        let mut new = self.spare.pop().unwrap_or_else(|| self.make());
        let packet = Arc::get_mut(&mut new).expect("a packet that has not been out is held once");
        packet.begin(header, kind);
        FreshPacket(new)
    }

    /// How many shells the allocator has been asked for so far.
    pub fn shells_made(&self) -> u64 {
        self.shelf.shells_made.load(Ordering::Relaxed)
    }

    /// Makes one packet to hand out and as many spare ones as there were packets before, so that a pool which has
    /// once met its load has room to double before it comes back here.
    #[cold]
    fn make(&mut self) -> Arc<RtPacket> {
        let bytes = self.capacity_samples.max(1) * (size_of::<i32>() + size_of::<f32>());
        let spare = (self.shells_made().max(FIRST_SPARE) as usize).min(SPARE_BYTES / bytes);
        for _ in 0..spare {
            self.spare.push(self.shell());
        }
        self.shell()
    }

    fn shell(&self) -> Arc<RtPacket> {
        self.shelf.shells_made.fetch_add(1, Ordering::Relaxed);
        let (codes, microvolts) = self.shelf.buffers.pop().unwrap_or_else(|| {
            (Vec::with_capacity(self.capacity_samples), Vec::with_capacity(self.capacity_samples))
        });
        Arc::new(RtPacket {
            header: PacketHeader {
                sensor: Arc::default(),
                first_sample: 0,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: 0.0,
                frames: 0,
                flags: super::Flags::NONE,
            },
            kind: PacketKind::Voltage,
            codes,
            microvolts,
            home: Arc::downgrade(&self.shelf),
        })
    }
}

impl std::fmt::Debug for PacketPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketPool")
            .field("shells_made", &self.shells_made())
            .finish_non_exhaustive()
    }
}

impl RtPacket {
    /// Starts over with this header and no samples.
    fn begin(&mut self, header: PacketHeader, kind: PacketKind) {
        self.header = header;
        self.kind = kind;
        self.codes.clear();
        self.microvolts.clear();
    }

    fn count_frames(&mut self) {
        let channels = self.channels().max(1);
        let samples =
            if self.kind.has_microvolts() { self.microvolts.len() } else { self.codes.len() };
        debug_assert!(
            self.kind != PacketKind::RawAndVoltage || self.codes.len() == self.microvolts.len()
        );
        debug_assert_eq!(samples % channels, 0, "whole frames only");
        self.header.frames = (samples / channels) as u32;
    }
}

/// A packet that nobody else holds yet: fill it, then [`share`](Self::share) it.
///
/// There is no way back from a shared packet to a writable one while anybody else holds it,
/// so no stage can be handed samples that another still writes to.
pub struct FreshPacket(Arc<RtPacket>);

impl FreshPacket {
    fn packet(&mut self) -> &mut RtPacket {
        Arc::get_mut(&mut self.0).expect("a fresh packet is held once")
    }

    /// The header, to be changed.
    pub fn header_mut(&mut self) -> &mut PacketHeader {
        &mut self.packet().header
    }

    /// The codes, `[frame][channel]`, to be filled.
    pub fn codes_mut(&mut self) -> &mut Vec<i32> {
        &mut self.packet().codes
    }

    /// The microvolts, `[frame][channel]`, to be filled.
    pub fn microvolts_mut(&mut self) -> &mut Vec<f32> {
        &mut self.packet().microvolts
    }

    /// Done: counts the frames and lets others see the packet.
    pub fn share(mut self) -> Arc<RtPacket> {
        self.packet().count_frames();
        self.0
    }
}

impl std::fmt::Debug for FreshPacket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{ChannelMeta, Flags, SensorMeta};

    fn header() -> PacketHeader {
        let sensor =
            SensorMeta { channels: vec![ChannelMeta::microvolts("a"); 2], ..SensorMeta::default() };
        PacketHeader {
            sensor: Arc::new(sensor),
            first_sample: 7,
            time_ns: 0,
            captured_ns: 0,
            rate_hz: 250.0,
            frames: 0,
            flags: Flags::NONE,
        }
    }

    fn packet(pool: &mut PacketPool) -> Arc<RtPacket> {
        let mut fresh = pool.fresh(header(), PacketKind::Voltage);
        fresh.microvolts_mut().extend([1.0, 2.0, 3.0, 4.0]);
        fresh.share()
    }

    #[test]
    fn a_recycled_packet_is_used_again() {
        let mut pool = PacketPool::new(4);
        let first = packet(&mut pool);
        let address = Arc::as_ptr(&first);
        assert_eq!(first.frames(), 2);
        first.recycle();
        let made = pool.shells_made();
        let mut seen = Vec::new();
        for _ in 0..made {
            let next = packet(&mut pool);
            seen.push(Arc::as_ptr(&next));
            next.recycle();
        }
        assert!(seen.contains(&address));
        assert_eq!(
            pool.shells_made(),
            made,
            "a packet in flight at a time needs no more than there are"
        );
    }

    #[test]
    fn a_packet_still_held_is_not_handed_out_again() {
        let mut pool = PacketPool::new(4);
        let held = packet(&mut pool);
        Arc::clone(&held).recycle();
        let next = packet(&mut pool);
        assert_ne!(Arc::as_ptr(&next), Arc::as_ptr(&held));
        // The holder's own handle comes home later and is good for use.
        let address = Arc::as_ptr(&held);
        held.recycle();
        let all: Vec<_> = (0..pool.shells_made() - 1).map(|_| packet(&mut pool)).collect();
        assert!(all.iter().any(|p| Arc::as_ptr(p) == address));
    }

    #[test]
    fn a_dropped_packet_brings_its_buffers_home() {
        let mut pool = PacketPool::new(4);
        let address = packet(&mut pool).microvolts().as_ptr();
        // The shelf still has spare packets; the buffers serve once those are all out.
        let all: Vec<_> = (0..2 * pool.shells_made()).map(|_| packet(&mut pool)).collect();
        assert!(all.iter().any(|p| p.microvolts().as_ptr() == address));
    }

    #[test]
    fn a_packet_outlives_its_pool() {
        let mut pool = PacketPool::new(4);
        let survivor = packet(&mut pool);
        drop(pool);
        assert_eq!(survivor.microvolts(), [1.0, 2.0, 3.0, 4.0]);
        survivor.recycle();
    }
}
