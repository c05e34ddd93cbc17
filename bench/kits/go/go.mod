module clarion.example/bench

go 1.24

require clarion.example/clarion-go v0.0.0

replace clarion.example/clarion-go => ../../../sdks/go
