//! What the chip understands on DIN (data sheet table 10).

/// Leaves standby.
pub const WAKEUP: u8 = 0x02;
/// Enters standby; then only `WAKEUP` is understood.
pub const STANDBY: u8 = 0x04;
/// Every register to its reset value.
pub const RESET: u8 = 0x06;
/// Starts converting, where the START pin is low. Section 9.5.3.5 says that it does nothing while conversions run, table 10 that
/// it restarts them; `STOP` first makes sure.
pub const START: u8 = 0x08;
/// Stops converting, after the conversion in progress.
pub const STOP: u8 = 0x0A;
/// Puts out every conversion without being asked: how the chip wakes up. Registers cannot be read then.
pub const RDATAC: u8 = 0x10;
/// Ends that. Has to come before anything else after power-up.
pub const SDATAC: u8 = 0x11;
/// Puts out the last conversion, once.
pub const RDATA: u8 = 0x12;

/// The two bytes that read `count` registers, one or more, from `first` on.
pub const fn read_registers(first: u8, count: u8) -> [u8; 2] {
    [0x20 | first, count - 1]
}

/// The two bytes that write `count` registers, one or more, from `first` on; the values follow.
pub const fn write_registers(first: u8, count: u8) -> [u8; 2] {
    [0x40 | first, count - 1]
}
