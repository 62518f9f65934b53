"""`voicestream bench …`: figures, measured on this machine."""
