"""How any operation is answered and any change carried out; knows no entity."""
