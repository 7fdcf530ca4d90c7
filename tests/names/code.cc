/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What compilers make of C++: templates in several units, lambdas, local classes, exceptions. */
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#ifndef PART
#define PART 0
#endif

namespace shapes {
template <typename T> struct box {
	T value;
	explicit box(T v) : value(v) {}
	T get() const { return value; }
	template <typename F> T apply(F f) const { return f(get()); }
};

inline int shared(int x) /* one copy of several is kept */
{
	std::vector<int> v;

	for (int i = 0; i < x; i++)
		v.push_back(i ^ x);
	std::sort(v.begin(), v.end(), [](int a, int b) { return a % 7 < b % 7; });
	return v.empty() ? 0 : v[v.size() / 2];
}
} // namespace shapes

namespace {
__attribute__((noinline)) int local_class(int x)
{
	struct counter {
		int n = 0;
		__attribute__((noinline)) void add(int k) { n += k * 3; }
	};
	counter c;

	for (int i = 0; i < x; i++)
		c.add(i);
	return c.n;
}

struct base {
	virtual ~base() = default;
	virtual int run(int x) = 0;
};

struct derived : base {
	std::map<std::string, int> seen;
	int run(int x) override
	{
		seen[std::to_string(x)]++;
		if (x > 90)
			throw std::runtime_error("too large");
		return shapes::box<int>(x).apply([x](int y) { return x * y + shapes::shared(y % 9); });
	}
};
} // namespace

#if PART
int other_part(int x)
{
	return shapes::shared(x) + local_class(x) + shapes::box<long>(x).apply([](long v) { return v + 1; });
}
#else
int other_part(int x);

int main(int argc, char **)
{
	derived d;
	std::function<int(int)> f = [&d](int x) {
		try {
			return d.run(x);
		} catch (const std::exception &e) {
			return (int)std::string(e.what()).size();
		}
	};
	int total = 0;

	for (int i = 0; i < 100 + argc; i++)
		total += f(i) + other_part(i % 11) + local_class(i % 5);
	std::printf("%d\n", total);
	return 0;
}
#endif
