//! stages_builtin
