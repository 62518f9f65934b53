"""The recipe of models/tiny-synthetic: sentences, sounds, network."""
