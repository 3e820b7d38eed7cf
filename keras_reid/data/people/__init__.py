"""The rooms of the pedestrian generator; `keras_reid.data.synthetic` is its door.

seeds    one random stream for every thing that is drawn, keyed by what the thing is
tubes    the rasteriser: shaded, textured solids of revolution
fabrics  patterns on cloth, as functions of a place on the body
wardrobe what people wear and carry          figure   who somebody is: build, hair, clothes, bag
pose     where the joints are                body     the tubes of a dressed person in a pose
camera   how one camera sees: angle, colour, blur, noise
scene    what stands behind the people       street, mall   the two kinds of place
shot     one crop: who, where, how, behind what      plan  which crops make a data set
"""
