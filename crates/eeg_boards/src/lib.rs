//! eeg_boards
