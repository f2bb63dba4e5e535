"""The whole of Playlog on one virtual clock: the services' own loops over faulty fakes, from one seed."""
