"""What is looked at before a run costs anything: the cluster, a node, the models, the disk."""
