module clarion.example/clarion-go

go 1.24
