"""The contract: .proto files with the modules generated from them beside them."""
