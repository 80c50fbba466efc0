"""Pick lists (拣货单): what is wanted, from which lot and bin, in walking order."""
