//! What a stage does with a packet, one call each: in place when it holds the only handle, else into a pooled copy.

use super::{PacketKind, RtPacket};
use crate::stage::{StageCtx, StageError, StageResult};
use std::sync::Arc;

impl RtPacket {
    /// Changes the microvolts, `[frame][channel]`, and passes the packet on.
    ///
    /// In place when the caller holds the only handle; otherwise on a pooled copy, and the other holders
    /// see nothing. Flags raised in `ctx` join the header's.
    ///
    /// # Errors
    /// [`StageError::Data`] when the packet holds no microvolts (the graph refuses such a wiring beforehand).
    pub fn map_samples(
        mut self: Arc<Self>,
        ctx: &mut StageCtx,
        change: impl FnOnce(&mut [f32]),
    ) -> StageResult {
        if !self.kind.has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        // One look per call: each costs a locked instruction.
        if let Some(own) = Arc::get_mut(&mut self) {
            own.header.flags |= ctx.take_flags();
            change(&mut own.microvolts);
            return Ok(Some(self));
        }
        let mut copy = ctx.fresh(self.header.clone(), self.kind);
        copy.header_mut().flags |= ctx.take_flags();
        copy.codes_mut().extend_from_slice(self.codes());
        let microvolts = copy.microvolts_mut();
        microvolts.extend_from_slice(&self.microvolts);
        change(microvolts);
        self.recycle();
        Ok(Some(copy.share()))
    }

    /// The microvolts, `[frame][channel]`, to be changed in place; none when anybody else holds the packet, or it has none.
    pub fn own_samples(self: &mut Arc<Self>) -> Option<&mut [f32]> {
        let has_microvolts = self.kind.has_microvolts();
        Arc::get_mut(self).filter(|_| has_microvolts).map(|own| own.microvolts.as_mut_slice())
    }

    /// Makes microvolts from the codes: `convert(codes, microvolts)` with two slices of one length.
    ///
    /// The packet then holds microvolts alone. In place when unshared: the shell has room for both.
    ///
    /// # Errors
    /// [`StageError::Data`] when the packet holds no codes.
    pub fn into_microvolts(
        mut self: Arc<Self>,
        ctx: &mut StageCtx,
        convert: impl FnOnce(&[i32], &mut [f32]),
    ) -> StageResult {
        if !self.kind.has_codes() {
            return Err(StageError::Data("the packet holds no raw codes"));
        }
        if let Some(own) = Arc::get_mut(&mut self) {
            own.kind = PacketKind::Voltage;
            own.header.flags |= ctx.take_flags();
            // No clear() first: what is there is overwritten, so only growth costs.
            own.microvolts.resize(own.codes.len(), 0.0);
            convert(&own.codes, &mut own.microvolts);
            return Ok(Some(self));
        }
        let mut copy = ctx.fresh(self.header.clone(), PacketKind::Voltage);
        copy.header_mut().flags |= ctx.take_flags();
        let microvolts = copy.microvolts_mut();
        microvolts.resize(self.codes.len(), 0.0);
        convert(&self.codes, microvolts);
        self.recycle();
        Ok(Some(copy.share()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{ChannelMeta, Flags, PacketHeader, SensorMeta};

    fn packet(ctx: &mut StageCtx, kind: PacketKind) -> Arc<RtPacket> {
        let sensor =
            SensorMeta { channels: vec![ChannelMeta::microvolts("a")], ..SensorMeta::default() };
        let header = PacketHeader {
            sensor: Arc::new(sensor),
            first_sample: 0,
            time_ns: 0,
            captured_ns: 0,
            rate_hz: 1.0,
            frames: 0,
            flags: Flags::NONE,
        };
        let mut fresh = ctx.fresh(header, kind);
        fresh.codes_mut().extend([1, 2]);
        fresh.microvolts_mut().extend([1.0, 2.0]);
        fresh.share()
    }

    fn double(samples: &mut [f32]) {
        samples.iter_mut().for_each(|x| *x *= 2.0);
    }

    #[test]
    fn an_unshared_packet_changes_in_place() {
        let mut ctx = StageCtx::for_test(2);
        let packet = packet(&mut ctx, PacketKind::Voltage);
        let address = Arc::as_ptr(&packet);
        let out = packet.map_samples(&mut ctx, double).unwrap().unwrap();
        assert_eq!((Arc::as_ptr(&out), out.microvolts()), (address, &[2.0, 4.0][..]));
    }

    #[test]
    fn a_shared_packet_is_copied_and_the_other_holder_sees_nothing() {
        let mut ctx = StageCtx::for_test(2);
        let packet = packet(&mut ctx, PacketKind::RawAndVoltage);
        let out = Arc::clone(&packet).map_samples(&mut ctx, double).unwrap().unwrap();
        assert_eq!(packet.microvolts(), [1.0, 2.0]);
        assert_eq!(out.microvolts(), [2.0, 4.0]);
        assert_eq!(out.codes(), [1, 2]);
    }

    #[test]
    fn codes_become_microvolts_in_the_same_shell() {
        let mut ctx = StageCtx::for_test(2);
        let packet = packet(&mut ctx, PacketKind::RawI32);
        let address = Arc::as_ptr(&packet);
        let halve = |codes: &[i32], uv: &mut [f32]| {
            uv.iter_mut().zip(codes).for_each(|(u, c)| *u = *c as f32 / 2.0)
        };
        let out = packet.into_microvolts(&mut ctx, halve).unwrap().unwrap();
        assert_eq!(
            (Arc::as_ptr(&out), out.kind(), out.microvolts()),
            (address, PacketKind::Voltage, &[0.5, 1.0][..])
        );
        assert!(out.codes().is_empty());
    }

    #[test]
    fn raised_flags_reach_the_header() {
        let mut ctx = StageCtx::for_test(2);
        let packet = packet(&mut ctx, PacketKind::Voltage);
        ctx.raise(Flags::SETTLING);
        let out = packet.map_samples(&mut ctx, double).unwrap().unwrap();
        assert!(out.header().flags.contains(Flags::SETTLING));
    }
}
