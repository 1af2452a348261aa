//! The stages that ship with eegd. One file a stage: parameters, logic, tests; one row in [`STAGES`].
//!
//! | folder | what |
//! |---|---|
//! | `sources/` | where samples come from: boards, recordings, arithmetic |
//! | `transforms/` | what happens to them |
//! | `sinks/` | where they go: live clients, files |
//! | [`dsp`] | the pure maths of the transforms |
#![forbid(unsafe_code)]

pub mod dsp;
mod sinks;
mod sources;
mod transforms;

pub use sinks::wait_for_late_recordings;

plugin_api::stages! {
    measure: crate::count_allocations;
    sources::acquire => AcquireDesc,
    sources::synthetic => SyntheticDesc,
    sources::playback => PlaybackDesc,
    transforms::to_voltage => ToVoltageDesc,
    transforms::gain => GainDesc,
    transforms::channels::car => CarDesc,
    transforms::channels::rereference => RereferenceDesc,
    transforms::channels::bipolar => BipolarDesc,
    transforms::channels::laplacian => LaplacianDesc,
    transforms::channels::select => SelectDesc,
    transforms::channels::rename => RenameDesc,
    transforms::filters::notch => NotchDesc,
    transforms::filters::bandpass => BandpassDesc,
    transforms::filters::bandstop => BandstopDesc,
    transforms::filters::highpass => HighpassDesc,
    transforms::filters::lowpass => LowpassDesc,
    transforms::filters::iir => IirDesc,
    transforms::filters::fir => FirDesc,
    transforms::filters::peak => PeakDesc,
    transforms::filters::dc_block => DcBlockDesc,
    transforms::filters::detrend => DetrendDesc,
    transforms::filters::downsample => DownsampleDesc,
    transforms::filters::resample => ResampleDesc,
    transforms::power::rms => RmsDesc,
    transforms::power::envelope => EnvelopeDesc,
    transforms::power::hilbert => HilbertDesc,
    transforms::power::psd => PsdDesc,
    transforms::power::band_power => BandPowerDesc,
    transforms::power::spectrogram => SpectrogramDesc,
    transforms::detect::threshold => ThresholdDesc,
    transforms::detect::blink => BlinkDesc,
    transforms::impedance => ImpedanceDesc,
    transforms::quality => QualityDesc,
    transforms::align_and_zip => AlignAndZipDesc,
    sinks::websocket_sink => WebsocketSinkDesc,
    sinks::bdf_sink => BdfSinkDesc,
    sinks::edf_sink => EdfSinkDesc,
    sinks::xdf_sink => XdfSinkDesc,
    sinks::csv_sink => CsvSinkDesc,
}

#[cfg(test)]
fn count_allocations(work: &mut dyn FnMut()) -> u64 {
    allocation_counter::measure(work).count_total
}
