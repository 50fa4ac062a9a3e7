-- {name} is the name of a partition that the catalogue gave us.
DROP TABLE {name}
