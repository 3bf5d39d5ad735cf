"""The vocabulary: identities, hosts, workloads, services and typed policy objects."""
