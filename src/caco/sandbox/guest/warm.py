"""First calls of SymPy, NumPy and SciPy, which fill their caches before the parent forks."""

import numpy
import scipy.optimize
import sympy

x, y = sympy.symbols("x y")
n = sympy.symbols("n", integer=True, positive=True)

sympy.solve(x**2 - 5 * x + 6, x)
sympy.solve([x + y - 3, x - y - 1], [x, y])
sympy.solve(sympy.Eq(2 * x + 3, 7), x)
sympy.simplify((x**2 - 1) / (x - 1) + sympy.sin(x) ** 2 + sympy.cos(x) ** 2)
sympy.factor(x**3 - 1)
sympy.expand((x + y) ** 4)
sympy.diff(sympy.sin(x) * sympy.exp(x), x)
sympy.integrate(x**2 + sympy.cos(x), (x, 0, 1))
sympy.limit(sympy.sin(x) / x, x, 0)
sympy.Sum(n**2, (n, 1, 10)).doit()
sympy.Matrix([[1, 2], [3, 4]]).det()
sympy.sqrt(8).evalf()
sympy.factorint(360)
sympy.isprime(97)
sympy.sympify("x**2 + 1/3")
numpy.linalg.solve(numpy.eye(2), numpy.ones(2))
scipy.optimize.fsolve(lambda v: v * v - 2, 1.0)
