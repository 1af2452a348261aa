//! Where packets come from and go back to: in the steady state no packet touches the allocator.
//!
//! A pool belongs to the one stage that makes packets from it. Whoever lets go of a packet puts its handle on
//! the pool's shelf ([`RtPacket::recycle`]); the pool's owner takes handles off and keeps the one that turns out
//! to be the last. Only the owner drops handles, so no two threads race for the last one, and the shell (the
//! `Arc` allocation itself) survives with its buffers. A handle that is simply dropped is right too: then
//! [`RtPacket`]'s own `Drop` brings the buffers home and only the shell is made anew.
//!
//! Of what a packet costs, locked instructions are the most. So a packet that is let go of by the thread which owns the pool goes
//! back without any ([`PacketPool::take_back`]), packets of other threads go home many at a time
//! ([`RtPacket::recycle_all`]), and a fresh packet is filled outside its shell, which is looked at twice, not with every access.
//!
//! What has come home is used before what has never been out, the last one first, so that a thread which finishes each
//! packet before the next one works on the same few buffers, still in its cache.

use super::{PacketHeader, PacketKind, RtPacket};
use crossbeam_queue::ArrayQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// For how long packets may be on their way until the shelf is too small for them: more than all edges and recorders' queues hold.
const SHELF_S: f64 = 32.0;
/// How many a shelf holds at least and at most.
const SHELF_PACKETS: (usize, usize) = (256, 16_384);
/// Buffers whose shell was dropped: a rare case, so a small shelf.
const SHELF_BUFFERS: usize = 256;
/// For how long packets may wait between two threads before the pool has to grow: a busy machine takes a second from a thread now and then.
const FIRST_SPARE_S: f64 = 1.3;
/// Spare packets made together with the first, at least and at most.
const FIRST_SPARE: (usize, usize) = (4, 128);
/// The most that spare packets may take each time.
const SPARE_BYTES: usize = 1 << 20;

/// What a pool is made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoolSize {
    /// Samples (frames times channels) that each packet has room for from the start.
    pub packet_samples: usize,
    /// Packets a second.
    pub packets_per_s: f64,
}

impl PoolSize {
    /// How many packets come in some seconds, within limits.
    fn packets_in(self, seconds: f64, (least, most): (usize, usize)) -> usize {
        ((self.packets_per_s * seconds).ceil() as usize).clamp(least, most)
    }
}

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
        // A shell whose packet was never shared has none.
        if codes.capacity() + microvolts.capacity() > 0 {
            drop(self.buffers.push((codes, microvolts)));
        }
    }
}

/// A stage's supply of packets. Empty at first; with the first packet it has room for a stall, it grows to what is in flight, and
/// stays there.
pub struct PacketPool {
    shelf: Arc<Shelf>,
    /// Packets that came home on this thread.
    at_hand: Vec<Arc<RtPacket>>,
    /// Packets that have not been out yet.
    spare: Vec<Arc<RtPacket>>,
    size: PoolSize,
}

impl PacketPool {
    /// A pool for packets of some size at some rate. Any other works as well, but asks the allocator later on.
    pub fn new(size: PoolSize) -> Self {
        let shelf = Shelf {
            packets: ArrayQueue::new(size.packets_in(SHELF_S, SHELF_PACKETS)),
            buffers: ArrayQueue::new(SHELF_BUFFERS),
            shells_made: AtomicU64::new(0),
        };
        Self { shelf: Arc::new(shelf), at_hand: Vec::new(), spare: Vec::new(), size }
    }

    /// Makes the first packets now rather than when the first is asked for.
    pub(crate) fn fill(&mut self) {
        if self.shells_made() == 0 {
            let shell = self.make();
            self.spare.push(shell);
        }
    }

    /// A packet nobody else holds, with `header` and without samples.
    pub fn fresh(&mut self, header: PacketHeader, kind: PacketKind) -> FreshPacket {
        while let Some(mut handle) = self.at_hand.pop().or_else(|| self.shelf.packets.pop()) {
            if let Some(packet) = Arc::get_mut(&mut handle) {
                let (codes, microvolts) = packet.take_buffers();
                return FreshPacket { header, kind, codes, microvolts, shell: handle };
            }
            // Somebody else still holds this packet: theirs will come home. See the module's first lines.
        }
        let mut shell = self.spare.pop().unwrap_or_else(|| self.make());
        let new = Arc::get_mut(&mut shell).expect(ONE_HOLDER);
        let (codes, microvolts) = new.take_buffers();
        FreshPacket { header, kind, codes, microvolts, shell }
    }

    /// Takes a handle that the owner's own thread lets go of.
    ///
    /// # Errors
    /// The handle, when the packet is another pool's.
    pub(crate) fn take_back(&mut self, packet: Arc<RtPacket>) -> Result<(), Arc<RtPacket>> {
        if !packet.is_of(&self.shelf) {
            return Err(packet);
        }
        self.at_hand.push(packet);
        Ok(())
    }

    /// How many shells the allocator has been asked for so far.
    pub fn shells_made(&self) -> u64 {
        self.shelf.shells_made.load(Ordering::Relaxed)
    }

    /// Makes one packet to hand out and as many spare ones as there were packets before, so that a pool which has
    /// once met its load has room to double before it comes back here.
    #[cold]
    fn make(&mut self) -> Arc<RtPacket> {
        let bytes = self.size.packet_samples.max(1) * (size_of::<i32>() + size_of::<f32>());
        let first = self.size.packets_in(FIRST_SPARE_S, FIRST_SPARE);
        let spare = (self.shells_made() as usize).max(first).min(SPARE_BYTES / bytes);
        for _ in 0..spare {
            self.spare.push(self.shell());
        }
        self.shell()
    }

    fn shell(&self) -> Arc<RtPacket> {
        self.shelf.shells_made.fetch_add(1, Ordering::Relaxed);
        let (codes, microvolts) = self.shelf.buffers.pop().unwrap_or_else(|| {
            (touched(self.size.packet_samples, 0), touched(self.size.packet_samples, 0.0))
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

/// An empty buffer whose pages are there already: the first packet in it does not wait for the system to find them.
fn touched<T: Copy>(capacity: usize, zero: T) -> Vec<T> {
    let mut buffer = Vec::with_capacity(capacity);
    buffer.resize(capacity, zero);
    buffer.clear();
    buffer
}

impl std::fmt::Debug for PacketPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketPool")
            .field("shells_made", &self.shells_made())
            .finish_non_exhaustive()
    }
}

impl RtPacket {
    /// Gives back many packets, as [`recycle`](Self::recycle) does one.
    pub(crate) fn recycle_all(packets: &mut Vec<Arc<Self>>) {
        let mut shelf = None;
        for packet in packets.drain(..) {
            // Most are of one pool, and each look whether it still exists costs two locked instructions.
            if shelf.as_ref().is_none_or(|shelf| !packet.is_of(shelf)) {
                shelf = packet.home.upgrade();
            }
            if let Some(shelf) = &shelf {
                shelf.put(packet);
            }
        }
    }

    fn is_of(&self, shelf: &Arc<Shelf>) -> bool {
        self.home.as_ptr() == Arc::as_ptr(shelf)
    }

    /// Its buffers, without the samples in them.
    fn take_buffers(&mut self) -> (Vec<i32>, Vec<f32>) {
        self.codes.clear();
        self.microvolts.clear();
        (std::mem::take(&mut self.codes), std::mem::take(&mut self.microvolts))
    }
}

/// A packet that nobody else holds yet: fill it, then [`share`](Self::share) it.
///
/// There is no way back from a shared packet to a writable one while anybody else holds it,
/// so no stage can be handed samples that another still writes to.
pub struct FreshPacket {
    header: PacketHeader,
    kind: PacketKind,
    codes: Vec<i32>,
    microvolts: Vec<f32>,
    shell: Arc<RtPacket>,
}

impl FreshPacket {
    /// The header, to be changed.
    pub const fn header_mut(&mut self) -> &mut PacketHeader {
        &mut self.header
    }

    /// The codes, `[frame][channel]`, to be filled.
    pub const fn codes_mut(&mut self) -> &mut Vec<i32> {
        &mut self.codes
    }

    /// The microvolts, `[frame][channel]`, to be filled.
    pub const fn microvolts_mut(&mut self) -> &mut Vec<f32> {
        &mut self.microvolts
    }

    /// Done: counts the frames and lets others see the packet.
    pub fn share(self) -> Arc<RtPacket> {
        let Self { mut header, kind, codes, microvolts, mut shell } = self;
        debug_assert!(kind != PacketKind::RawAndVoltage || codes.len() == microvolts.len());
        let channels = header.sensor.channels.len().max(1);
        let samples = if kind.has_microvolts() { microvolts.len() } else { codes.len() };
        debug_assert_eq!(samples % channels, 0, "whole frames only");
        header.frames = (samples / channels) as u32;
        let packet = Arc::get_mut(&mut shell).expect(ONE_HOLDER);
        packet.header = header;
        packet.kind = kind;
        packet.codes = codes;
        packet.microvolts = microvolts;
        shell
    }
}

impl std::fmt::Debug for FreshPacket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FreshPacket")
            .field("header", &self.header)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

const ONE_HOLDER: &str = "a packet that nobody has seen yet is held once";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{ChannelMeta, Flags, SensorMeta};

    const SIZE: PoolSize = PoolSize { packet_samples: 4, packets_per_s: 50.0 };

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
        let mut pool = PacketPool::new(SIZE);
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
        let mut pool = PacketPool::new(SIZE);
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
        let mut pool = PacketPool::new(SIZE);
        let address = packet(&mut pool).microvolts().as_ptr();
        // The shelf still has spare packets; the buffers serve once those are all out.
        let all: Vec<_> = (0..2 * pool.shells_made()).map(|_| packet(&mut pool)).collect();
        assert!(all.iter().any(|p| p.microvolts().as_ptr() == address));
    }

    #[test]
    fn a_pool_that_was_filled_makes_nothing_for_its_first_packets() {
        let mut pool = PacketPool::new(SIZE);
        pool.fill();
        let made = pool.shells_made();
        assert_eq!(made, 66, "65 in 1.3 s, and the one asked for");
        let all: Vec<_> = (0..made).map(|_| packet(&mut pool)).collect();
        assert_eq!((pool.shells_made(), all.len() as u64), (made, made));
    }

    #[test]
    fn a_stage_with_few_packets_has_a_small_pool() {
        let mut pool = PacketPool::new(PoolSize { packets_per_s: 2.0, ..SIZE });
        pool.fill();
        assert_eq!((pool.shells_made(), pool.shelf.packets.capacity()), (5, 256));
        let all: Vec<_> = (0..40).map(|_| packet(&mut pool)).collect();
        all.into_iter().for_each(RtPacket::recycle);
        let made = pool.shells_made();
        let _all: Vec<_> = (0..40).map(|_| packet(&mut pool)).collect();
        assert_eq!(pool.shells_made(), made, "it has grown once, to what is in flight");
    }

    #[test]
    fn a_packet_outlives_its_pool() {
        let mut pool = PacketPool::new(SIZE);
        let survivor = packet(&mut pool);
        drop(pool);
        assert_eq!(survivor.microvolts(), [1.0, 2.0, 3.0, 4.0]);
        survivor.recycle();
    }
}
