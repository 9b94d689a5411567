async def test_x(reading, world):
    for v in world.viewers[:3]:
        print((await reading.read("{ products(first:3) { totalCount nodes { id key name health { band score drivers {path code points} caps { key limit} recomputePending } portfolio { name } owner { name email} initiatives { nodes { key } } } } events(first:2) { nodes { id sequence changes { field from to } subject { id name } entityId } } }", v)).decode())
